//! Problems, their data and the oracle's answer.
#![allow(dead_code)] // each test file uses its part

use convt::{Element, Error, Layer, Plan, Problem, Run, Scratch};
use convt_reference::{Array, Definition, Layer as ReferenceLayer};
use convt_testkit::{Float, Guarded, Rng};

/// Random problems of a property: so many, or as many as `CONVT_TEST_CASES` says, for emulated processors.
pub(crate) fn cases(usual: u32) -> u32 {
    let told = std::env::var("CONVT_TEST_CASES").ok();
    told.map_or(usual, |told| told.parse().expect("a number of cases"))
}

/// A problem with data.
pub(crate) struct Sample<T> {
    pub(crate) problem: Problem,
    pub(crate) x: Vec<T>,
    pub(crate) w: Vec<T>,
    pub(crate) b: Option<Vec<T>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// Small whole numbers: results are exact.
    Whole,
    Normal,
    /// With NaN, infinities and subnormals.
    Wild,
}

impl<T: Element + Float> Sample<T> {
    pub(crate) fn new(problem: &Problem, values: Values, seed: u64) -> Self {
        let problem = &said_alike(problem);
        let mut rng = Rng::new(seed);
        let mut draw = |count: usize| match values {
            Values::Whole => rng.integers(count),
            Values::Normal => rng.normal(count),
            Values::Wild => rng.wild(count),
        };
        let count = |shape: Vec<usize>| shape.iter().product::<usize>();
        Self {
            x: draw(count(problem.input_shape())),
            w: draw(count(problem.weight_shape())),
            b: problem.bias.then(|| draw(problem.out_channels)),
            problem: problem.clone(),
        }
    }

    pub(crate) fn plan(&self) -> Result<Plan<T>, Error> {
        let shape = self.problem.weight_shape();
        Layer::from_problem(&self.problem).plan((&self.w[..], &shape[..]), self.b.as_deref())
    }

    /// The run options that the problem itself asks for.
    pub(crate) fn options(&self) -> Run {
        let sizes: Option<Vec<usize>> = self
            .problem
            .axes
            .iter()
            .map(|axis| axis.output_size)
            .collect();
        match sizes {
            Some(sizes) => Run::new().output_size(sizes),
            None => Run::new(),
        }
    }

    /// The engine's output, between guard cells, with dirty scratch.
    pub(crate) fn run(&self, options: &Run) -> Vec<T> {
        let plan = self.plan().expect("a legal problem is planned");
        run_plan(&plan, &self.x, &self.problem.input_shape(), options)
    }

    /// The oracle's output by one definition.
    pub(crate) fn oracle(&self, definition: Definition) -> Vec<f64> {
        self.oracle_of(definition, |value| value)
    }

    /// The sums of the products' absolute values, for error bounds.
    pub(crate) fn magnitude(&self) -> Vec<f64> {
        self.oracle_of(Definition::Gather, f64::abs)
    }

    fn oracle_of(&self, definition: Definition, map: impl Fn(f64) -> f64) -> Vec<f64> {
        let layer = ReferenceLayer::try_from(&self.problem).expect("a legal problem");
        let widen = |data: &[T]| data.iter().map(|&v| map(v.to_f64())).collect::<Vec<f64>>();
        let array = |shape: Vec<usize>, data: &[T]| {
            Array::new(&shape, widen(data)).expect("data of that shape")
        };
        let x = array(self.problem.input_shape(), &self.x);
        let w = array(self.problem.weight_shape(), &self.w);
        let b = self.b.as_deref().map(widen);
        definition
            .run(&layer, &x, &w, b.as_deref())
            .expect("a small legal problem")
            .data
    }

    /// Terms of one output's sum at most, bias included.
    pub(crate) fn terms(&self) -> usize {
        let taps: usize = self.problem.axes.iter().map(|axis| axis.kernel).product();
        self.problem.in_channels / self.problem.groups * taps + 1
    }
}

/// The plan's output for `x` of `shape`, between guard cells, with dirty scratch.
pub(crate) fn run_plan<T: Element + Float>(
    plan: &Plan<T>,
    x: &[T],
    shape: &[usize],
    options: &Run,
) -> Vec<T> {
    let output = plan
        .output_shape_with(shape, options)
        .expect("a legal problem has a size");
    let mut y = Guarded::<T>::shifted(output.iter().product(), 1);
    let mut scratch = Scratch::from_vec(vec![T::SENTINEL; 5000]);
    plan.run_slice_into_with(x, shape, y.as_mut_slice(), &mut scratch, options)
        .expect("a legal problem runs");
    y.assert_intact();
    y.assert_filled();
    y.as_slice().to_vec()
}

/// The same problem with an output_size on every axis or on none, as a call must give it: where only some have one, it
/// is said as the output_padding that it means.
fn said_alike(problem: &Problem) -> Problem {
    let mut problem = problem.clone();
    if problem.axes.iter().all(|axis| axis.output_size.is_some()) {
        return problem;
    }
    for axis in &mut problem.axes {
        if let Some(size) = axis.output_size.take() {
            axis.output_padding = 0;
            let canonical = axis.axis(problem.op).expect("a legal axis");
            let smallest = canonical.full_length(axis.input).expect("a legal axis") as isize
                - canonical.crop.begin
                - canonical.crop.end;
            axis.output_padding = (size as isize - smallest) as usize;
        }
    }
    problem
}

/// The bits of each value; every NaN is the same, because no standard fixes its payload.
pub(crate) fn bits<T: Float>(values: &[T]) -> Vec<u64> {
    values
        .iter()
        .map(|value| {
            if value.to_f64().is_nan() {
                u64::MAX
            } else {
                value.to_bits()
            }
        })
        .collect()
}
