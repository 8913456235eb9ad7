//! The layers on rows of a strip that arrive a few at a time.
//!
//! Each layer is one plan without padding, run on the rows that it kept from the step before and the new ones; it keeps
//! the last `k - 1`. So `r` new rows of the picture go in and, once the layers have what they need, `r*n` rows of the result
//! come out; every value of a layer is computed once. (The last layer keeps the few channels that it expands, not the many
//! that it reads: expanding some rows again moves less memory.) The engine's order of summation is fixed, so how
//! many rows arrive at a time and how wide the strip is change no bit.

use convt::{Activation, Conv2d, ConvTranspose2d, Crop, Plan, Run, Scratch};

use super::weights::{Convolution, Weights};
use crate::error::Result;
use crate::kernel::Span;
use crate::passes::engine;

/// New rows of a step: the channels of a step stay in the cache.
pub(super) const STEP: usize = 16;

/// Rows that the first layer reads beyond those it makes, and columns.
const FEATURE: usize = 4;

/// Rows that a mapping layer reads beyond those it makes, and columns.
const MAP: usize = 2;

/// The plans of a network.
pub(super) struct Layers {
    scale: usize,
    wide: usize,
    narrow: usize,
    last: Span,
    feature: Plan<f32>,
    shrink: Plan<f32>,
    maps: Vec<Plan<f32>>,
    expand: Plan<f32>,
    upsample: Plan<f32>,
}

fn convolution(from: usize, to: usize, k: usize, layer: &Convolution) -> Result<Plan<f32>> {
    Conv2d::new(from, to, k)
        .plan(
            (&layer.weight[..], &[to, from, k, k][..]),
            Some(&layer.bias),
        )
        .and_then(|plan| plan.activation(Activation::Prelu(layer.slopes[..].into())))
        .map_err(|e| engine(&e))
}

impl Layers {
    pub(super) fn new(weights: &Weights) -> Result<Self> {
        let (n, d, s, k) = (weights.scale, weights.wide, weights.narrow, weights.kernel);
        let last = Span::new(k, (k - n).div_ceil(2), n);
        let (begin, end) = last.crops(n);
        let upsample = ConvTranspose2d::new(d, 1, k)
            .stride(n)
            .crops([Crop::new(begin, end); 2])
            .plan(
                (&weights.upsample[..], &[d, 1, k, k][..]),
                Some(&[weights.upsample_bias]),
            )
            .map_err(|e| engine(&e))?;
        Ok(Self {
            scale: n,
            wide: d,
            narrow: s,
            last,
            feature: convolution(1, d, FEATURE + 1, &weights.feature)?,
            shrink: convolution(d, s, 1, &weights.shrink)?,
            maps: weights
                .maps
                .iter()
                .map(|map| convolution(s, s, MAP + 1, map))
                .collect::<Result<_>>()?,
            expand: convolution(s, d, 1, &weights.expand)?,
            upsample,
        })
    }

    /// How far from an output's pixel the network looks.
    pub(super) fn radius(&self) -> usize {
        FEATURE / 2 + MAP / 2 * self.maps.len() + self.last.halo
    }

    /// Columns of the features of a strip of `width` columns.
    fn features(&self, width: usize) -> usize {
        width + 2 * self.radius() - FEATURE
    }

    /// Columns that the last layer reads for a strip of `width` columns.
    fn last_columns(&self, width: usize) -> usize {
        width + 2 * self.last.halo
    }

    /// Elements of what a strip of `width` columns keeps between steps.
    pub(super) fn kept(&self, width: usize) -> usize {
        let columns = |layer: usize| self.features(width) - MAP * layer;
        let maps: usize = (0..self.maps.len()).map(columns).sum();
        self.narrow * (MAP * maps + 2 * self.last.halo * self.last_columns(width))
    }

    /// Elements that a thread works with on strips of up to `width` columns.
    pub(super) fn working(&self, width: usize) -> usize {
        self.buffers(width).iter().sum()
    }

    /// Elements of the buffers of a thread: picture, features, mapped, joined.
    fn buffers(&self, width: usize) -> [usize; 4] {
        let features = self.features(width);
        let last = (STEP + 2 * self.last.halo) * self.last_columns(width);
        let joined = ((STEP + MAP) * features).max(last);
        [
            (STEP + FEATURE) * (features + FEATURE),
            self.wide * (STEP * features).max(last),
            self.narrow * STEP * features,
            self.narrow * joined,
        ]
    }

    /// Bytes that the engine asks for a step of such a strip on one thread, at most.
    pub(super) fn scratch(&self, width: usize) -> Result<usize> {
        let features = self.features(width);
        let rows = STEP + 2 * self.last.halo;
        let last = self.last_columns(width);
        let mut most = 0;
        let mut ask = |plan: &Plan<f32>, shape: [usize; 4]| {
            most = most.max(plan.scratch_bytes(&shape, 1).map_err(|e| engine(&e))?);
            Ok(())
        };
        ask(&self.feature, [1, 1, STEP + FEATURE, features + FEATURE])?;
        ask(&self.shrink, [1, self.wide, STEP, features])?;
        for (layer, map) in self.maps.iter().enumerate() {
            ask(map, [1, self.narrow, STEP + MAP, features - MAP * layer])?;
        }
        ask(&self.expand, [1, self.narrow, rows, last])?;
        ask(&self.upsample, [1, self.wide, rows, last])?;
        Ok(most)
    }
}

/// The last rows of some channels.
#[derive(Default)]
struct Kept {
    rows: usize,
    data: Vec<f32>,
}

impl Kept {
    /// Puts the rows kept before `rows` new ones of `columns` elements, keeps the last `keep` of all, and gives their number.
    fn join(
        &mut self,
        new: &[f32],
        [rows, columns, keep]: [usize; 3],
        joined: &mut [f32],
    ) -> usize {
        let (held, all) = (self.rows, self.rows + rows);
        let next = keep.min(all);
        let channels = new.len() / (rows * columns).max(1);
        // The plane of a channel that is kept never begins before the old one is read: planes only grow until they have
        // `keep` rows, and all are read before any is written.
        for channel in 0..channels {
            let to = &mut joined[channel * all * columns..][..all * columns];
            let (before, behind) = to.split_at_mut(held * columns);
            before.copy_from_slice(&self.data[channel * held * columns..][..held * columns]);
            behind.copy_from_slice(&new[channel * rows * columns..][..rows * columns]);
        }
        self.data.resize(channels * next * columns, 0.0);
        for (channel, to) in self
            .data
            .chunks_exact_mut((next * columns).max(1))
            .enumerate()
        {
            let end = (channel + 1) * all * columns;
            to.copy_from_slice(&joined[end - next * columns..end]);
        }
        self.rows = next;
        all
    }
}

/// What the layers keep of a strip between steps.
#[derive(Default)]
pub(super) struct Memory {
    maps: Vec<Kept>,
    last: Kept,
}

impl Memory {
    pub(super) fn new(layers: &Layers) -> Self {
        let mut memory = Self::default();
        memory.maps.resize_with(layers.maps.len(), Kept::default);
        memory
    }
}

/// The buffers of a thread.
pub(super) struct Bench {
    picture: Vec<f32>,
    features: Vec<f32>,
    mapped: Vec<f32>,
    joined: Vec<f32>,
    scratch: Scratch<f32>,
    run: Run,
}

impl Bench {
    /// For strips of up to `width` columns.
    pub(super) fn new(layers: &Layers, width: usize) -> Self {
        let [picture, features, mapped, joined] =
            layers.buffers(width).map(|elements| vec![0.0; elements]);
        Self {
            picture,
            features,
            mapped,
            joined,
            scratch: Scratch::new(),
            run: Run::new().threads(1).exact(true),
        }
    }

    /// Elements for the rows of the picture that a step of `rows` new rows of a strip of `width` columns reads: `rows + 4`
    /// rows of `width` columns and the radius on both sides.
    pub(super) fn picture(&mut self, layers: &Layers, rows: usize, width: usize) -> &mut [f32] {
        &mut self.picture[..(rows + FEATURE) * (width + 2 * layers.radius())]
    }
}

impl Layers {
    /// Rows of the window above the first that makes a row of features.
    pub(super) const ABOVE: usize = FEATURE;

    /// Passes `rows` new rows of a strip of `width` columns through, whose picture lies in `bench`, and writes the rows of
    /// the result that are ready to the beginning of `out`. Gives the number of rows of the picture that these are.
    pub(super) fn step(
        &self,
        bench: &mut Bench,
        memory: &mut Memory,
        [rows, width]: [usize; 2],
        out: &mut [f32],
    ) -> Result<usize> {
        let (d, s) = (self.wide, self.narrow);
        let Bench {
            picture,
            features,
            mapped,
            joined,
            scratch,
            run,
        } = bench;
        let mut run = |plan: &Plan<f32>, x: &[f32], shape: [usize; 3], y: &mut [f32]| {
            let elements = shape.iter().product();
            let result = plan.run_slice_into_with(&x[..elements], &shape, y, scratch, run);
            result.map_err(|e| engine(&e))
        };
        let mut columns = self.features(width);
        let count = rows * columns;
        let shape = [1, rows + FEATURE, columns + FEATURE];
        run(&self.feature, picture, shape, &mut features[..d * count])?;
        let shape = [d, rows, columns];
        run(&self.shrink, features, shape, &mut mapped[..s * count])?;
        let mut rows = rows;
        for (map, kept) in self.maps.iter().zip(&mut memory.maps) {
            let all = kept.join(&mapped[..s * rows * columns], [rows, columns, MAP], joined);
            if all <= MAP {
                return Ok(0);
            }
            let shape = [s, all, columns];
            (rows, columns) = (all - MAP, columns - MAP);
            run(map, joined, shape, &mut mapped[..s * rows * columns])?;
        }
        let keep = 2 * self.last.halo;
        let new = &mapped[..s * rows * columns];
        let all = memory.last.join(new, [rows, columns, keep], joined);
        if all <= keep {
            return Ok(0);
        }
        let count = all * columns;
        run(
            &self.expand,
            joined,
            [s, all, columns],
            &mut features[..d * count],
        )?;
        let done = all - keep;
        let out = &mut out[..done * width * self.scale * self.scale];
        run(&self.upsample, features, [d, all, columns], out)?;
        Ok(done)
    }
}
