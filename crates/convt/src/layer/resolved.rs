//! The sizes of one run, held without a heap: they are computed anew by every call.

use std::ops::{Deref, DerefMut};

use convt_geometry::{Problem, Walk};

use crate::Error;

/// The sizes of one run: everything that depends on the input's shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolved {
    /// Whether the input has a batch axis.
    pub(crate) batched: bool,
    pub(crate) batch: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) in_per_group: usize,
    pub(crate) walks: Walks,
}

/// One walk per spatial axis, outermost first; a slice of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walks {
    /// Unit walks, then one per axis.
    walks: [Walk; 3],
    dims: usize,
}

impl Walks {
    /// Unit walks for `dims` axes, at most three, to be set one by one.
    #[inline]
    pub(crate) fn units(dims: usize) -> Self {
        Self {
            walks: [Walk::unit(); 3],
            dims: dims.min(3),
        }
    }

    /// Depth, height and width; axes that the layer lacks are unit walks.
    #[inline]
    pub(crate) fn all(&self) -> &[Walk; 3] {
        &self.walks
    }
}

impl Deref for Walks {
    type Target = [Walk];

    #[inline]
    fn deref(&self) -> &[Walk] {
        &self.walks[self.walks.len() - self.dims..]
    }
}

impl DerefMut for Walks {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Walk] {
        let first = self.walks.len() - self.dims;
        &mut self.walks[first..]
    }
}

/// The shape of an output: a slice of its sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The batch, the channels and three spatial sizes, of which those of absent axes are left out.
    sizes: [usize; 5],
    first: usize,
    end: usize,
}

impl Deref for Shape {
    type Target = [usize];

    #[inline]
    fn deref(&self) -> &[usize] {
        &self.sizes[self.first..self.end]
    }
}

impl Resolved {
    /// The sizes of a problem, batched.
    pub(crate) fn of(problem: &Problem) -> Result<Self, Error> {
        let of_problem = problem.walks()?;
        let mut walks = Walks::units(of_problem.len());
        walks.copy_from_slice(&of_problem);
        Ok(Self {
            batched: true,
            batch: problem.batch,
            in_channels: problem.in_channels,
            out_channels: problem.out_channels,
            in_per_group: problem.in_channels / problem.groups.max(1),
            walks,
        })
    }

    /// Multiply-adds that contribute to the output.
    pub(crate) fn products(&self) -> u128 {
        let planes = (self.batch as u128).saturating_mul(self.out_channels as u128);
        let pairs = planes.saturating_mul(self.in_per_group as u128);
        self.walks
            .iter()
            .fold(pairs, |n, walk| n.saturating_mul(walk.products()))
    }

    /// What a run has to do, in products: those of its sums, and several for each element of input, weights and output,
    /// which take longer to fetch than to multiply.
    pub(crate) fn work(&self) -> u128 {
        const PER_ELEMENT: u128 = 8;
        let volume = |size: fn(&Walk) -> usize| {
            self.walks
                .iter()
                .fold(1, |n: u128, walk| n.saturating_mul(size(walk) as u128))
        };
        let of = |count: usize, others: u128| others.saturating_mul(count as u128);
        let input = of(self.batch, of(self.in_channels, volume(Walk::input)));
        let output = of(self.batch, of(self.out_channels, volume(Walk::output)));
        let kernels = of(
            self.out_channels,
            of(self.in_per_group, volume(|walk| walk.axis().kernel)),
        );
        [input, output, kernels]
            .into_iter()
            .fold(0, u128::saturating_add)
            .saturating_mul(PER_ELEMENT)
            .saturating_add(self.products())
    }

    #[inline]
    pub(crate) fn output_shape(&self) -> Shape {
        let mut sizes = [self.batch, self.out_channels, 1, 1, 1];
        for (size, walk) in sizes[2..].iter_mut().zip(&*self.walks) {
            *size = walk.output();
        }
        Shape {
            sizes,
            first: usize::from(!self.batched),
            end: 2 + self.walks.len(),
        }
    }
}
