//! The operation and its gradients as candle's custom operations.
//!
//! Both convolutions are bilinear in input and weight, so a run and a correlation close the family: every derivative of one
//! of them, of any order, is one of them again.
//!
//! ```text
//! y  = run(layer; x, w)               dx = run(adjoint; dy, w)            dw = correlate(layer; x, dy)
//! dw = correlate(layer; x, dy)        by x: run(adjoint; dy, v)           by dy: run(layer; x, v)        v: what arrives for dw
//! ```

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, DType, Error, Layout, Result, Shape, Tensor,
    WithDType, bail,
};
use convt::{Element, Layer, Wanted};

use crate::engine::{self, Array};

/// An element type of candle's and of the engine's.
trait Number: Element + WithDType {
    /// A contiguous storage as an array.
    fn array<'s>(storage: &'s CpuStorage, layout: &'s Layout) -> Result<Array<'s, Self>> {
        let all = storage.as_slice::<Self>()?;
        match layout.contiguous_offsets() {
            Some((from, to)) => Ok((&all[from..to], layout.dims())),
            None => Err(Error::RequiresContiguous { op: "convt" }),
        }
    }
}

impl Number for f32 {}
impl Number for f64 {}

/// Evaluates `$body`, a vector with its shape, with `$type` the element type of all `$storage`s.
macro_rules! by_type {
    ([$first:expr $(, $storage:expr)*], $type:ident => $body:expr) => {{
        let first = $first.dtype();
        $(
            if $storage.dtype() != first {
                return Err(Error::DTypeMismatchBinaryOp {
                    lhs: first,
                    rhs: $storage.dtype(),
                    op: "convt",
                });
            }
        )*
        match first {
            DType::F32 => {
                type $type = f32;
                let (data, shape): (Vec<f32>, Vec<usize>) = $body;
                Ok((CpuStorage::F32(data), Shape::from(shape)))
            }
            DType::F64 => {
                type $type = f64;
                let (data, shape): (Vec<f64>, Vec<usize>) = $body;
                Ok((CpuStorage::F64(data), Shape::from(shape)))
            }
            other => bail!(
                "the elements are {}, but convolutions of convt take f32 or f64: convert with to_dtype",
                other.as_str()
            ),
        }
    }};
}

/// The operation of a layer without bias: `(x, weight) -> y`.
pub(crate) struct Run(pub(crate) Layer);

impl CustomOp2 for Run {
    fn name(&self) -> &'static str {
        self.0.op().name()
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_type!([x, w], T => {
            let (x, w) = (T::array(x, x_layout)?, T::array(w, w_layout)?);
            let y = engine::run(&self.0, x, w, None)?;
            (y.data, y.shape)
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        gradients(&self.0, x, weight, dy)
    }
}

/// The operation of a layer with a bias: `(x, weight, bias) -> y`.
pub(crate) struct RunBiased(pub(crate) Layer);

impl CustomOp3 for RunBiased {
    fn name(&self) -> &'static str {
        self.0.op().name()
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        by_type!([x, w, b], T => {
            let (x, w) = (T::array(x, x_layout)?, T::array(w, w_layout)?);
            let y = engine::run(&self.0, x, w, Some(T::array(b, b_layout)?.0))?;
            (y.data, y.shape)
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let dy = dy.contiguous()?;
        let (dx, dw) = gradients(&self.0, x, weight, &dy)?;
        let dims = self.0.dims();
        let db = bias.track_op().then(|| dy.apply_op1(Totals { dims }));
        Ok((dx, dw, db.transpose()?))
    }
}

/// The gradients of a layer's input and weight from `dy`, that of its output; each where its tensor is a variable or depends
/// on one. For operations that contain a layer.
pub fn gradients(
    layer: &Layer,
    x: &Tensor,
    weight: &Tensor,
    dy: &Tensor,
) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let dy = dy.contiguous()?;
    let input = || {
        let adjoint = engine::adjoint(layer, x.dims())?;
        dy.apply_op2(&weight.contiguous()?, Run(adjoint))
    };
    let correlated = || x.contiguous()?.apply_op2(&dy, Correlate(layer.clone()));
    Ok((
        x.track_op().then(input).transpose()?,
        weight.track_op().then(correlated).transpose()?,
    ))
}

/// The gradient of a layer's weight: `(x, dy) -> dw`.
struct Correlate(Layer);

impl CustomOp2 for Correlate {
    fn name(&self) -> &'static str {
        "gradient of a convolution's weight"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        dy: &CpuStorage,
        dy_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let wanted = Wanted {
            input: false,
            weight: true,
            bias: false,
        };
        by_type!([x, dy], T => {
            let (x, dy) = (T::array(x, x_layout)?, T::array(dy, dy_layout)?);
            let dw = engine::parameter_gradients(&self.0, x, dy, wanted)?.weight;
            (dw.map_or_else(Vec::new, |dw| dw.data), self.0.weight_shape())
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        dy: &Tensor,
        _dw: &Tensor,
        v: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let v = v.contiguous()?;
        let adjoint = engine::adjoint(&self.0, x.dims())?;
        // The adjoint's adjoint is the layer without its bias.
        let layer = engine::adjoint(&adjoint, dy.dims())?;
        let by_x = || dy.contiguous()?.apply_op2(&v, Run(adjoint));
        let by_dy = || x.contiguous()?.apply_op2(&v, Run(layer));
        Ok((
            x.track_op().then(by_x).transpose()?,
            dy.track_op().then(by_dy).transpose()?,
        ))
    }
}

/// The gradient of a bias: the sums over all but the channels, which lie before `dims` spatial axes.
struct Totals {
    dims: usize,
}

impl CustomOp1 for Totals {
    fn name(&self) -> &'static str {
        "gradient of a convolution's bias"
    }

    fn cpu_fwd(&self, dy: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (outer, positions) = layout.dims().split_at(layout.dims().len() - self.dims);
        let channels = outer[outer.len() - 1];
        let batch = if outer.len() == 2 { outer[0] } else { 1 };
        by_type!([dy], T => {
            let dy = T::array(dy, layout)?.0;
            let sums = engine::totals(dy, [batch, channels, positions.iter().product()])?;
            (sums, vec![channels])
        })
    }

    fn bwd(&self, dy: &Tensor, _sums: &Tensor, v: &Tensor) -> Result<Option<Tensor>> {
        let mut shape = vec![1; self.dims + 1];
        shape[0] = v.elem_count();
        let spread = v.reshape(shape)?.broadcast_as(dy.shape())?;
        spread.contiguous().map(Some)
    }
}
