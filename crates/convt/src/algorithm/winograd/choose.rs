//! When the algorithm is worth its transforms: a model of its time beside the direct algorithm's.
//!
//! A pure function of the layer and of one image's sizes. Neither the batch nor the machine nor the number of threads may
//! matter, for results would depend on them.

use super::cut::Cut;
use super::lanes::LANES;
use super::{Geometry, Shape, Size};
use crate::layer::Resolved;

/// Time is counted in multiply-adds of full vectors, [`PER_CYCLE`] to a cycle. The direct algorithm and the matrix products
/// reach these shares of that rate.
const DIRECT: f64 = 0.6;
const PRODUCTS: f64 = 0.75;
const PER_CYCLE: f64 = 32.0;

/// Cycles to copy and transform a run of one input channel: for the run, and for each of its vectors.
const RUN: f64 = 500.0;
const RUN_VECTOR: f64 = 100.0;

/// Cycles to transform and store outputs: for a vector of one position, and for each row of a run.
const OUTPUT_VECTOR: f64 = 52.0;
const OUTPUT_ROW: f64 = 17.0;

/// Cycles to read a transformed weight from beyond the second-level cache, and bytes of weights that stay within.
const WEIGHT: f64 = 1.0;
const NEAR: usize = 1 << 20;

/// Bytes of transformed weights beyond which reading them takes longer than the products that they save.
const FAR: usize = 12 << 20;

/// How much faster than the direct algorithm it must look.
const MARGIN: f64 = 1.05;

/// Output channels below which transforms cannot pay, and input channels below which they, and not the sums, make up most
/// of the error.
const OUTPUTS: usize = 24;
const INPUTS: usize = 48;

impl Shape {
    /// The size of scheme that is worth it for such an image, if one is. `element` is the size of an element in bytes.
    pub(crate) fn choose(&self, sizes: &Resolved, element: usize) -> Option<Size> {
        if sizes.in_per_group < INPUTS || sizes.out_channels < OUTPUTS {
            return None;
        }
        let mut image = *sizes;
        image.batch = 1;
        let direct = image.products() as f64 / DIRECT;
        let time = |size: Size| self.time(&image, size, element);
        let best = [Size::Small, Size::Large]
            .into_iter()
            .min_by(|&a, &b| time(a).total_cmp(&time(b)))?;
        (time(best) * MARGIN <= direct).then_some(best)
    }

    fn time(&self, image: &Resolved, size: Size, element: usize) -> f64 {
        let geometry = Geometry::new(image, self.schemes(size));
        let cut = Cut::new(&geometry, image.in_per_group, element);
        let [depth, height, width] = &geometry.axes;
        let ins = image.in_per_group as f64;
        let outs = image.out_channels as f64;
        let tiles = geometry
            .axes
            .iter()
            .fold(1.0, |n, axis| n * axis.tiles() as f64);
        let vectors = (tiles / LANES as f64).ceil();
        // Points of all classes: those with a tap less lack one.
        let points: f64 = (0..3)
            .map(|a| (geometry.axes[a].scheme.points() * self.strides[a] - self.short[a]) as f64)
            .product();
        let weights = points * ins * outs;
        if weights * element as f64 > FAR as f64 {
            return f64::INFINITY;
        }
        let products = vectors * LANES as f64 * weights / PRODUCTS;

        let classes = self
            .strides
            .iter()
            .map(|&stride| stride as f64)
            .product::<f64>();
        let rows = depth.tiles() as f64 * height.tiles() as f64;
        let runs = rows * width.dilation as f64;
        let run = width.per_residue.min(cut.tiles).div_ceil(LANES) as f64;
        let units = (outs / 12.0).ceil() * classes / width.stride as f64;
        let again = if cut.channels < image.in_per_group {
            (units / cut.units as f64).ceil()
        } else {
            1.0
        };
        let inputs = runs * image.in_channels as f64 * (RUN + RUN_VECTOR * run) * again;
        let positions = geometry.positions() as f64;
        let stored = runs * positions / width.scheme.outputs() as f64 / width.stride as f64;
        let outputs =
            outs * classes * (vectors * positions * OUTPUT_VECTOR + stored * 3.0 * OUTPUT_ROW);
        let streamed = if weights * element as f64 > NEAR as f64 {
            weights * (tiles / cut.tiles as f64).ceil() * WEIGHT
        } else {
            0.0
        };
        products + PER_CYCLE * (inputs + outputs + streamed)
    }
}
