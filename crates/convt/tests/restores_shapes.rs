//! Transposed convolution with a convolution's parameters restores its input's *shape*, whatever its floor division lost.

use convt::{Conv2d, ConvTranspose2d, Run};

#[test]
fn with_output_size_for_every_small_layer() {
    let mut layers = 0;
    for (k, d) in (2..=4_usize).flat_map(|k| (1..=4_usize).map(move |d| (k, d))) {
        for (s, p) in (1..=3).flat_map(|s| (0..=2).map(move |p| (s, p))) {
            let weight = (&vec![1.0_f32; k * k][..], [1, 1, k, k]);
            let conv = Conv2d::new(1, 1, k)
                .stride(s)
                .padding(p)
                .dilation(d)
                .bias(false);
            let back = ConvTranspose2d::new(1, 1, k)
                .stride(s)
                .padding(p)
                .dilation(d)
                .bias(false);
            let conv = conv.plan(weight, None).unwrap();
            let back = back.plan(weight, None).unwrap();
            for (h, w) in (13..=23).flat_map(|h| (13..=16).map(move |w| (h, w))) {
                let shape = [1, 1, h, w];
                let y = conv.run_slice(&vec![1.0; h * w], &shape).unwrap();
                let run = Run::new().output_size([h, w]);
                let x = back.run_slice_with(&y.data, &y.shape, &run).unwrap();
                assert_eq!(x.shape, shape, "k{k} d{d} s{s} p{p}");
                layers += 1;
            }
        }
    }
    assert_eq!(layers, 3 * 4 * 3 * 3 * 11 * 4);
}
