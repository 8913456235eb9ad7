//! The table of kernels: how each is called, and where its body is.
//!
//! Bodies are generic over the element type, and every use of a generic function compiles it anew. Here each is compiled
//! once for each element type, for all sets: a crate that calls a kernel only links it.

use crate::{
    CopiedRows, DoubledPlanes, Factors, Gather, Grid, Isa, Lanes, PanelRows, PatchLine, Piece,
    Place, SpreadRows, Stepped, Strips, Taps, Turn, VectorElement, Weave,
};

/// Defines, for each row, the method of [`Isa`] that people call, and behind it a function of each element type.
macro_rules! entries {
    ($(
        $(#[$doc:meta])*
        $file:ident::$name:ident($($argument:ident: $type:ty),+) $(-> $output:ty)?;
    )+) => {
        /// The kernels of the element type `T`.
        pub trait Entries<T> {
            $(
                #[doc(hidden)]
                fn $name(isa: Isa, $($argument: $type),+) $(-> $output)?;
            )+
        }

        impl Isa {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $name<T: VectorElement>(self, $($argument: $type),+) $(-> $output)? {
                    T::$name(self, $($argument),+)
                }
            )+
        }

        entries! { @of f32_entries: f32; $($file::$name($($argument: $type),+) $(-> $output)?;)+ }
        entries! { @of f64_entries: f64; $($file::$name($($argument: $type),+) $(-> $output)?;)+ }
    };
    // In a module of its own, where the table's `T` is the element type.
    (@of $module:ident: $element:ty;
        $($file:ident::$name:ident($($argument:ident: $type:ty),+) $(-> $output:ty)?;)+
    ) => {
        mod $module {
            use super::*;

            type T = $element;

            impl Entries<T> for T {
                $(
                    fn $name(isa: Isa, $($argument: $type),+) $(-> $output)? {
                        crate::$file::$name(isa, $($argument),+)
                    }
                )+
            }
        }
    };
}

entries! {
    /// Sums `taps` into `acc`, rows of a pitch, for `width` positions from `at` on.
    ///
    /// `acc` holds `rows` rows of as many elements as its pitch, of which the first `width` (rounded up to whole vectors) are
    /// written; they start from `start[row]`, or, where `start` is `None`, from what they hold.
    ///
    /// # Panics
    /// When `rows` is not one of [`TILE_ROWS`](crate::TILE_ROWS) or a slice is too short: the arithmetic of the caller is
    /// wrong.
    tile::tile(
        rows: usize, taps: &Taps<'_, T>, at: usize, width: usize, start: Option<&[T]>, acc: (&mut [T], usize)
    );

    /// Sums `taps` into `acc`, for `width` positions; see [`Isa::tile`] for `start` and `acc`.
    ///
    /// # Panics
    /// When `grid` is not one of [`GRIDS`](crate::GRIDS) or a slice is too short: the arithmetic of the caller is wrong.
    stepped::stepped(
        grid: Grid, taps: &Stepped<'_, T>, width: usize, start: Option<&[T]>, acc: (&mut [T], usize)
    );

    /// Sums every strip of the panel for one block of rows and stores its pieces in `planes`. Positions of a strip that no
    /// piece has are summed too, of whatever the panel holds there, and dropped. Pieces are in the order of their strips.
    ///
    /// # Panics
    /// When `(step, rows)` is not one of [`PATCH_BLOCKS`](crate::PATCH_BLOCKS) or a slice is too short: the arithmetic of the
    /// caller is wrong.
    patches::patches(call: &Strips<'_, T>, lines: &[PatchLine], pieces: &[Piece], planes: &mut [&mut [T]]);

    /// Adds the products of `lanes` to the sums of every place, and returns how many of the next weights were asked for.
    ///
    /// # Panics
    /// When the lanes are no multiple of the unit or a slice is too short: the arithmetic of the caller is wrong.
    lanes::lane_sums(lanes: &Lanes<'_, T>, places: &[Place], sums: &mut [T]) -> usize;

    /// Stores sums into planes.
    ///
    /// # Panics
    /// When `lanes` are no whole units or fewer than the planes, or a slice is too short: the arithmetic of the caller is
    /// wrong.
    turn::turn(turn: Turn<'_, '_, T>);

    /// Sums rows into `y`, which is not read unless the sums go on from it.
    ///
    /// # Panics
    /// When the cycle is zero, or a term's reads ([`row_reads`](crate::row_reads),
    /// [`pattern_elements`](crate::pattern_elements)) leave the panel or the patterns, or the rows leave the output: the
    /// arithmetic of the caller is wrong.
    depthwise::spread_rows(sums: &SpreadRows<'_, T>, y: &mut [T]);

    /// Copies rows from `x` to `panel`; what lies between them there stays.
    ///
    /// # Panics
    /// When they leave a slice: the arithmetic of the caller is wrong.
    doubled::panel_rows(rows: PanelRows, x: &[T], panel: &mut [T]);

    /// Sums planes of rows into `y`, which is not read.
    ///
    /// # Panics
    /// When a phase has no taps or more than [`DOUBLED_TAPS`](crate::DOUBLED_TAPS), or a row's reads
    /// ([`doubled_row_reads`](crate::doubled_row_reads)) leave the panel, or its weights or outputs leave theirs: the
    /// arithmetic of the caller is wrong.
    doubled::doubled_planes(planes: &DoubledPlanes<'_, T>, y: &mut [T]);

    /// Copies rows of `x` into `y`.
    ///
    /// # Panics
    /// When a slice is too short or a row longer than its pitch: the arithmetic of the caller is wrong.
    rows::copy_rows(copied: &CopiedRows, x: &[T], y: &mut [T]);

    /// Interleaves `sums` into `y`. Rows of sums are read in whole vectors: up to [`Isa::lanes`] - 1 elements beyond the last.
    ///
    /// # Panics
    /// When `rows` exceeds `step` or a slice is too short: the arithmetic of the caller is wrong.
    weave::weave(weave: &Weave, sums: &[T], y: &mut [T]);

    /// The inverse of [`Isa::weave`] for one row of sums: `sums[line*sums_pitch + m] = y[line*y_pitch + step*m]`.
    ///
    /// # Panics
    /// When a slice is too short.
    weave::unweave(weave: &Weave, sums: &mut [T], y: &[T]);

    /// Gathers planes into rows.
    ///
    /// # Panics
    /// When `width` is no multiple of the vector's length or less than the channels, or a slice is too short: the arithmetic
    /// of the caller is wrong.
    gather::gather(gather: &Gather<'_, T>, rows: &mut [T]);

    /// Adds sums of outer products to `sums`, whose rows are `pitch` apart: as many rows (and up to [`Isa::outer_rows_of`]
    /// them) by as many vectors, one or two, as `tile` says.
    ///
    /// # Panics
    /// When a slice is too short for the runs or the tile: the arithmetic of the caller is wrong.
    outer::outer_sums(tile: (usize, usize), factors: &Factors<'_, T>, sums: &mut [T], pitch: usize);

    /// Adds to `sums`, lane by lane for [`MATCHED_VECTORS`](crate::MATCHED_VECTORS) vectors, the products of lanes and rows,
    /// which are vectors as well:
    ///
    /// ```text
    /// sums[l] += sum over runs, i: rows[run.row + i*row_step + l] * lanes[run.lane + i*lane_step + l]
    /// ```
    ///
    /// # Panics
    /// When a slice is too short for the runs or the vectors: the arithmetic of the caller is wrong.
    outer::matched_sums(factors: &Factors<'_, T>, sums: &mut [T]);
}
