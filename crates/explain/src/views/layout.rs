//! Where grids lie: side by side in lines, slices beside each other, long rows broken.

use convt_draw::{Area, CELL};

use super::canvas::{NAME, SMALL};
use super::number::width;
use crate::model::Three;

/// Space around everything.
pub(crate) const MARGIN: f64 = 32.0;
/// Between two grids of one line; an arrow fits in.
pub(crate) const GAP: f64 = 56.0;
/// Room above a grid for its role and size.
pub(crate) const HEAD: f64 = 46.0;
/// Between two lines of grids.
const LINE_GAP: f64 = 30.0;
/// Beyond this width grids go to the next line.
const WIDEST: f64 = 1480.0;
/// Between two slices of a map with three axes.
const SLICE_GAP: f64 = 20.0;
/// Room above a slice for its number.
const SLICE_HEAD: f64 = 18.0;

/// A grid that wants a place.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Its size; the first axis is drawn as slices side by side.
    pub(crate) shape: Three,
    /// Side of its cells.
    pub(crate) cell: f64,
    /// The least width, so that the words above it fit.
    pub(crate) least: f64,
    /// The sign before it, such as `→`, where it is not the first of a line.
    pub(crate) sign: &'static str,
    /// Whether a single row stays in one line however long it is, as one that stands above another must.
    whole: bool,
}

impl Block {
    pub(crate) fn new(shape: Three) -> Self {
        Self {
            shape,
            cell: CELL,
            least: 0.0,
            sign: "",
            whole: false,
        }
    }

    /// With room for these words above it.
    pub(crate) fn titled(mut self, title: &str, note: &str) -> Self {
        self.least = width(title, NAME).max(width(note, SMALL)) + 4.0;
        self
    }

    pub(crate) fn sign(mut self, sign: &'static str) -> Self {
        self.sign = sign;
        self
    }

    /// Never broken.
    pub(crate) fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    pub(crate) fn cells_of(mut self, side: f64) -> Self {
        self.cell = side;
        self
    }
}

/// A grid with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    cell: f64,
    pub(crate) shape: Three,
    /// Slices side by side.
    across: usize,
    pub(crate) sign: &'static str,
    /// How far below the grid's top the sign stands; nothing at the beginning of a line.
    pub(crate) sign_at: Option<f64>,
    /// A single row longer than this goes on in the next line.
    per_line: usize,
}

impl Spot {
    /// A grid of cells of this side at this place; its rows are not broken.
    pub(crate) fn placed(shape: Three, side: f64, x: f64, y: f64) -> Self {
        let block = Block::new(shape).cells_of(side).whole();
        Self {
            x,
            y,
            ..Self::measure(&block)
        }
    }

    fn measure(block: &Block) -> Self {
        let [depth, rows, columns] = block.shape;
        let most = ((WIDEST - 2.0 * MARGIN) / block.cell) as usize;
        let per_line = if depth == 1 && rows == 1 && !block.whole {
            most
        } else {
            columns
        };
        let slice = columns as f64 * block.cell + SLICE_GAP;
        // As many slices side by side as fit, or as make the whole about as wide as high.
        let fitting = ((WIDEST / slice) as usize).max(1);
        let wanted = if rows == 1 { 1 } else { 3 };
        Self {
            x: 0.0,
            y: 0.0,
            cell: block.cell,
            shape: block.shape,
            across: depth.min(fitting).min(wanted).max(1),
            sign: block.sign,
            sign_at: None,
            per_line: per_line.clamp(1, columns.max(1)),
        }
    }

    pub(crate) fn width(&self) -> f64 {
        let slices = self.across as f64;
        slices * self.per_line as f64 * self.cell + (slices - 1.0) * SLICE_GAP
    }

    /// Lines of a single row that is broken; 1 for everything else.
    fn broken(&self) -> usize {
        self.shape[2].div_ceil(self.per_line).max(1)
    }

    pub(crate) fn height(&self) -> f64 {
        let lines = self.shape[0].div_ceil(self.across).max(1) as f64;
        let slices = lines * (self.shape[1] as f64 * self.cell + self.slice_head());
        let more = (self.broken() - 1) as f64 * (self.cell + SLICE_GAP);
        slices + (lines - 1.0) * SLICE_GAP + more
    }

    fn slice_head(&self) -> f64 {
        if self.shape[0] > 1 { SLICE_HEAD } else { 0.0 }
    }

    /// The area of one cell.
    pub(crate) fn area(&self, [d, r, c]: Three) -> Area {
        let (column, line) = (d % self.across, d / self.across);
        let slice_width = self.shape[2] as f64 * self.cell + SLICE_GAP;
        let slice_height = self.shape[1] as f64 * self.cell + self.slice_head() + SLICE_GAP;
        // A broken row goes on below: cell c stands in line c / per_line.
        let (c, down) = (
            c % self.per_line,
            (c / self.per_line) as f64 * (self.cell + SLICE_GAP),
        );
        Area {
            x: self.x + column as f64 * slice_width + c as f64 * self.cell,
            y: self.y
                + line as f64 * slice_height
                + self.slice_head()
                + r as f64 * self.cell
                + down,
            width: self.cell,
            height: self.cell,
        }
    }

    /// The areas of a box of cells, one per slice, cut to what exists.
    pub(crate) fn boxes(&self, from: [isize; 3], size: Three) -> Vec<Area> {
        let range = |axis: usize| {
            let end = from[axis] + size[axis] as isize;
            let begin = from[axis].max(0) as usize;
            (begin, (end.max(0) as usize).min(self.shape[axis]))
        };
        let ((d0, d1), (r0, r1), (c0, c1)) = (range(0), range(1), range(2));
        if r0 >= r1 || c0 >= c1 {
            return Vec::new();
        }
        // Every slice, and every line of a broken row, has a box of its own.
        let lines = c0 / self.per_line..=(c1 - 1) / self.per_line;
        (d0..d1)
            .flat_map(|d| lines.clone().map(move |line| (d, line)))
            .map(|(d, line)| {
                let begin = c0.max(line * self.per_line);
                let end = c1.min((line + 1) * self.per_line);
                Area {
                    width: (end - begin) as f64 * self.cell,
                    height: (r1 - r0) as f64 * self.cell,
                    ..self.area([d, r0, begin])
                }
            })
            .collect()
    }

    /// A grid of another shape, moved by so much from this one's corner; its rows are not broken.
    pub(crate) fn beside(&self, shape: Three, right: f64, down: f64) -> Self {
        let block = Block::new(shape)
            .cells_of(self.cell)
            .sign(self.sign)
            .whole();
        Self {
            x: self.x + right,
            y: self.y + down,
            sign_at: self.sign_at,
            ..Self::measure(&block)
        }
    }
}

/// Places lines of grids below `top`, breaking what is too wide; gives the spots in order, and the right and bottom ends.
pub(crate) fn flow(rows: &[Vec<Block>], top: f64) -> (Vec<Vec<Spot>>, f64, f64) {
    let (mut y, mut right) = (top, 0.0f64);
    let mut placed = Vec::new();
    for row in rows {
        let mut spots: Vec<Spot> = row.iter().map(Spot::measure).collect();
        let mut first = 0;
        let mut x = MARGIN;
        let mut height = 0.0f64;
        for i in 0..spots.len() {
            let room = spots[i].width().max(row[i].least);
            if i > first && x + room > WIDEST {
                align_signs(&mut spots[first..i]);
                (first, x) = (i, MARGIN);
                y += height + LINE_GAP;
                height = 0.0;
            }
            spots[i].x = x;
            spots[i].y = y + HEAD;
            x += room + GAP;
            right = right.max(x - GAP);
            height = height.max(HEAD + spots[i].height());
        }
        align_signs(&mut spots[first..]);
        y += height + LINE_GAP;
        placed.push(spots);
    }
    (placed, right + MARGIN, y - LINE_GAP)
}

/// Signs stand at half the height of the lowest grid of their line.
fn align_signs(line: &mut [Spot]) {
    let lowest = line.iter().map(Spot::height).fold(f64::INFINITY, f64::min);
    for spot in line.iter_mut().skip(1) {
        spot.sign_at = Some(lowest / 2.0);
    }
}
