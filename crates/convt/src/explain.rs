//! What would run, at what cost, and why nothing else would.

use std::fmt;

use convt_geometry::{Dtype, Op, Problem};

use crate::algorithm::{self, Algorithm, Choice, why_not};
use crate::cost::{Products, products};
use crate::layer::Resolved;
use crate::tensor::elements;
use crate::{Error, Isa, Layer};

/// The engine's choice for one problem on this machine. `Display` prints it for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The problem as one line of text.
    pub problem: Problem,
    /// The algorithm that runs.
    pub algorithm: &'static str,
    /// Why it is the one.
    pub reason: &'static str,
    /// The instruction set that it runs on.
    pub isa: Isa,
    /// Shape of the output.
    pub output_shape: Vec<usize>,
    /// Each spatial axis's phases.
    pub axes: Vec<AxisSummary>,
    /// Multiply-adds, useful ones and those of other methods.
    pub products: Products,
    /// Bytes of the packed weights.
    pub weight_bytes: u128,
    /// Bytes of scratch with one thread.
    pub scratch_bytes: usize,
    /// Bytes of the tap tables.
    pub table_bytes: usize,
    /// Bytes of the output.
    pub output_bytes: usize,
    /// The algorithms that do not run, and why.
    pub refused: Vec<Refusal>,
}

/// The phases of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxisSummary {
    /// Input elements.
    pub input: usize,
    /// Output elements.
    pub output: usize,
    /// Phases that have taps.
    pub phases: usize,
    /// Taps of the phase that has the most.
    pub taps: usize,
}

/// An algorithm that does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its name.
    pub algorithm: &'static str,
    /// Why.
    pub reason: String,
}

impl Explanation {
    /// Explains a problem; refuses what a plan or a run of it would refuse.
    pub fn of(problem: &Problem) -> Result<Self, Error> {
        let layer = Layer::from_problem(problem);
        layer.check()?;
        let sizes = Resolved::of(problem)?;
        let dtype = problem.dtype;
        let counts = products(problem)?;
        let output_shape = sizes.output_shape();
        let output = match dtype {
            Dtype::F32 => elements::<f32>("output", &output_shape)?,
            Dtype::F64 => elements::<f64>("output", &output_shape)?,
        };
        let weights = layer
            .weight_shape()
            .iter()
            .try_fold(dtype.bytes() as u128, |n, &axis| {
                n.checked_mul(axis as u128)
            });
        let (choice, scratch) = match dtype {
            Dtype::F32 => algorithm::outlook::<f32>(&layer, &sizes)?,
            Dtype::F64 => algorithm::outlook::<f64>(&layer, &sizes)?,
        };
        let mut explanation = Self {
            algorithm: "",
            reason: "",
            isa: Isa::forced()?.unwrap_or_else(Isa::best),
            axes: summaries(&sizes),
            products: counts,
            weight_bytes: weights.unwrap_or(u128::MAX),
            scratch_bytes: 0,
            table_bytes: algorithm::table_bytes(&sizes),
            output_bytes: output * dtype.bytes(),
            refused: refusals(&sizes, &layer, &counts, dtype),
            output_shape: output_shape.to_vec(),
            problem: problem.clone(),
        };
        explanation.choose(choice, scratch.saturating_mul(dtype.bytes()), true);
        Ok(explanation)
    }
}

impl Explanation {
    /// Says what runs with so much scratch on one thread, and why the engine's others do not.
    pub(crate) fn choose(&mut self, choice: Choice, scratch_bytes: usize, finite: bool) {
        self.scratch_bytes = scratch_bytes;
        self.algorithm = choice.algorithm.name();
        self.reason = choice.reason;
        let ours = |refusal: &Refusal| Algorithm::ALL.iter().any(|a| a.name() == refusal.algorithm);
        self.refused.retain(|refusal| !ours(refusal));
        let others = Algorithm::ALL
            .into_iter()
            .filter(|&a| a != choice.algorithm);
        let refusals = others.map(|other| Refusal {
            algorithm: other.name(),
            reason: why_not(other, choice.algorithm, finite).to_owned(),
        });
        self.refused.splice(0..0, refusals.collect::<Vec<_>>());
    }
}

fn summaries(sizes: &Resolved) -> Vec<AxisSummary> {
    sizes
        .walks
        .iter()
        .map(|walk| AxisSummary {
            input: walk.input(),
            output: walk.output(),
            phases: walk.phase_count(),
            taps: walk.taps_per_phase(),
        })
        .collect()
}

/// The definitions that are for study, with what they would cost here.
fn refusals(sizes: &Resolved, layer: &Layer, counts: &Products, dtype: Dtype) -> Vec<Refusal> {
    let product = |size: &dyn Fn(&convt_geometry::Walk) -> usize| {
        sizes
            .walks
            .iter()
            .fold(1_u128, |n, walk| n.saturating_mul(size(walk) as u128))
    };
    let matrix = product(&|walk| walk.input())
        .saturating_mul(product(&|walk| walk.output()))
        .saturating_mul(8);
    let ratio = counts.zero_insert as f64 / counts.useful.max(1) as f64;
    let columns = product(&|walk| walk.axis().kernel)
        .saturating_mul((layer.out_channels() / layer.groups()) as u128)
        .saturating_mul(product(&|walk| walk.input()))
        .saturating_mul(dtype.bytes() as u128);
    let zeros = match layer.op() {
        Op::ConvTranspose => "inserted and padded zeros",
        Op::Conv => "padded zeros",
    };
    let scatter = match layer.op() {
        Op::ConvTranspose => format!(
            "adds into each output once per overlapping stamp; as matrix product and overlap-add it would hold {} of columns",
            Bytes(columns)
        ),
        Op::Conv => String::from("visits the output once per tap instead of once"),
    };
    let study = |algorithm, reason: String| Refusal { algorithm, reason };
    vec![
        study(
            "zero_insert",
            format!(
                "would multiply {zeros}: {} multiply-adds, {ratio:.1} times the useful ones",
                counts.zero_insert
            ),
        ),
        study(
            "matrix",
            format!(
                "would hold an equivalent matrix of {} per pair of channels",
                Bytes(matrix)
            ),
        ),
        study("scatter", scatter),
        study(
            "gather",
            String::from("divides and tests every tap for every output"),
        ),
    ]
}

/// Bytes for people.
struct Bytes(u128);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut value = self.0 as f64;
        let mut unit = "B";
        for next in UNITS {
            if value < 1024.0 {
                break;
            }
            value /= 1024.0;
            unit = next;
        }
        write!(f, "{value:.1} {unit}")
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.problem)?;
        let join = |value: &dyn Fn(&AxisSummary) -> usize| {
            let all: Vec<String> = self
                .axes
                .iter()
                .map(|axis| value(axis).to_string())
                .collect();
            all.join("x")
        };
        writeln!(
            f,
            "runs      {}/{}: {} phases of at most {} taps, output {:?}",
            self.algorithm,
            self.isa,
            join(&|axis| axis.phases),
            join(&|axis| axis.taps),
            self.output_shape
        )?;
        writeln!(f, "because   {}", self.reason)?;
        writeln!(
            f,
            "cost      {} multiply-adds ({:.3} GFLOP), none of them with an inserted zero",
            self.products.useful,
            self.products.useful as f64 * 2e-9
        )?;
        writeln!(
            f,
            "memory    weights {}, scratch {} per thread, tables {}, output {}",
            Bytes(self.weight_bytes),
            Bytes(self.scratch_bytes as u128),
            Bytes(self.table_bytes as u128),
            Bytes(self.output_bytes as u128)
        )?;
        write!(f, "refused")?;
        for (i, refusal) in self.refused.iter().enumerate() {
            let indent = if i == 0 { "   " } else { "\n          " };
            write!(f, "{indent}{}: {}", refusal.algorithm, refusal.reason)?;
        }
        Ok(())
    }
}
