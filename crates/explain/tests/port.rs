//! Weights between frameworks: this crate's words against the engine's arrays.

use convt::port::{WeightLayout, from_torch};
use convt_explain::{Framework, State, Values, code, port};
use convt_geometry::Op;

/// `data` of `shape` with its axes in another order, and then some of the new axes reversed.
fn moved(data: &[f64], shape: &[usize], order: &[usize], flip: &[usize]) -> (Vec<f64>, Vec<usize>) {
    let new: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
    let count: usize = new.iter().product();
    let mut out = Vec::with_capacity(count);
    for index in 0..count {
        let (mut rest, mut at) = (index, vec![0; new.len()]);
        for axis in (0..new.len()).rev() {
            at[axis] = rest % new[axis];
            rest /= new[axis];
        }
        for &axis in flip {
            at[axis] = new[axis] - 1 - at[axis];
        }
        let mut old = vec![0; shape.len()];
        for (axis, &from) in order.iter().enumerate() {
            old[from] = at[axis];
        }
        out.push(data[old.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + i)]);
    }
    (out, new)
}

#[test]
fn weights_move_as_the_engine_moves_them() {
    for line in [
        "conv_transpose2d c2-3 i4 k3x2 s2",
        "conv1d c3-2 i6 k4",
        "conv_transpose3d c1-2 i2 k2",
    ] {
        let state = State {
            w: Values::Random(5),
            ..State::of_problem(&line.parse().unwrap())
        };
        let (_, w, _) = state.arrays().unwrap();
        let torch = (&w.data[..], &w.shape[..]);
        let keras = port(&state, Framework::Torch, Framework::Keras).unwrap();
        let engine = from_torch(WeightLayout::TensorFlow, state.op, 1, torch).unwrap();
        let ours = moved(&w.data, &w.shape, &keras.permutation, &keras.flip);
        assert_eq!(ours, (engine.data.clone(), engine.shape.clone()), "{line}");
        // And back.
        let back = port(&state, Framework::Keras, Framework::Torch).unwrap();
        let ours = moved(&engine.data, &engine.shape, &back.permutation, &back.flip);
        assert_eq!(ours, (w.data.clone(), w.shape.clone()), "{line}");
        let jax = port(&state, Framework::Torch, Framework::Jax).unwrap();
        assert_eq!(jax.flip.is_empty(), state.op == Op::Conv, "{line}");
        assert_eq!(
            jax.flip.is_empty(),
            !WeightLayout::Jax.flips(state.op),
            "{line}"
        );
    }
}

#[test]
fn crops_that_pytorch_cannot_say_are_sliced_and_said() {
    // SAME with an odd rest crops one more at the end.
    let state = State::of_problem(&"conv_transpose2d i3 k3 s2 psame".parse().unwrap());
    let found = port(&state, Framework::Keras, Framework::Torch).unwrap();
    assert_eq!(found.crops, [[0, 1], [0, 1]]);
    assert!(
        found.call.contains("F.pad(full, (0, -1, 0, -1))"),
        "{}",
        found.call
    );
    assert!(
        found.warnings[0].contains("cannot crop more at the end"),
        "{:?}",
        found.warnings
    );
    let back = port(&state, Framework::Torch, Framework::Keras).unwrap();
    assert!(back.call.contains("padding=\"same\""), "{}", back.call);
    assert_eq!(back.weight, "w = w.transpose(2, 3, 1, 0)");
}

#[test]
fn code_names_its_six_libraries() {
    let snippets = code(&State::parse_query("preset=note-4").unwrap()).unwrap();
    let names: Vec<&str> = snippets.iter().map(|one| one.name).collect();
    assert_eq!(
        names,
        ["PyTorch", "Keras", "JAX", "ONNX", "Rust", "command line"]
    );
    assert!(
        snippets[0]
            .text
            .contains("F.conv_transpose2d(x, w, stride=2, padding=1)")
    );
    assert!(snippets[5].text.contains("--stride 2 --padding 1 -o y.npy"));
    for one in snippets {
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            let count = |c: char| one.text.matches(c).count();
            assert_eq!(count(open), count(close), "{}", one.text);
        }
    }
}
