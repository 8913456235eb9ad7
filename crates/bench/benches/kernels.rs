//! Single kernels under Criterion: `cargo bench -p convt-bench`, with a word to filter by name.

use std::hint::black_box;

use convt::{Activation, ConvTranspose2d, Isa, Run, Scratch};
use convt_simd::{TILE_ROWS, Taps};
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

/// Input channels of a tile's sum: its panel fits the first-level cache together with its weights.
const PLANES: usize = 32;
/// Four taps, as a phase of kernel 4 and stride 2 has them.
const OFFSETS: [usize; 4] = [0, 1, 64, 65];
/// Positions of a tile.
const WIDTH: usize = 96;

/// Every number of rows on every instruction set, in multiply-adds a second.
fn tiles(criterion: &mut Criterion) {
    for isa in Isa::available() {
        let mut group = criterion.benchmark_group(format!("tile/{isa}"));
        for rows in TILE_ROWS {
            tile(&mut group, isa, rows);
        }
        group.finish();
    }
}

fn tile(group: &mut BenchmarkGroup<'_, WallTime>, isa: Isa, rows: usize) {
    let plane = WIDTH + OFFSETS.iter().max().unwrap_or(&0);
    let x = vec![0.5_f32; PLANES * plane];
    let weights = vec![0.25_f32; PLANES * OFFSETS.len() * rows];
    let taps = Taps {
        x: &x,
        plane,
        planes: PLANES,
        offsets: &OFFSETS,
        weights: &weights,
        ahead: None,
    };
    let start = vec![0.0_f32; rows];
    let mut sums = vec![0.0_f32; rows * WIDTH];
    group.throughput(Throughput::Elements(
        (rows * WIDTH * PLANES * OFFSETS.len()) as u64,
    ));
    group.bench_function(format!("{rows} rows"), |bencher| {
        bencher.iter(|| {
            isa.tile(rows, &taps, 0, WIDTH, Some(&start), (&mut sums, WIDTH));
            black_box(&mut sums);
        });
    });
}

/// A layer of one product per output: what is left is reading, storing in phases and the activation.
fn activations(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store k2 s2, 8 channels of 64x64");
    let layer = ConvTranspose2d::new(1, 8, 2).stride(2).bias(false);
    let weight: Vec<f32> = (0..32).map(|i| i as f32 - 15.5).collect();
    let x: Vec<f32> = (0..32 * 32).map(|i| (i % 7) as f32 - 3.0).collect();
    group.throughput(Throughput::Elements(8 * 64 * 64));
    let slopes: Vec<f32> = (0..8).map(|i| i as f32 * 0.125).collect();
    for (name, activation) in [
        ("none", Activation::None),
        ("relu", Activation::Relu),
        ("leaky_relu", Activation::LeakyRelu(0.1)),
        ("prelu", Activation::Prelu(slopes.into())),
        ("tanh", Activation::Tanh),
        ("sigmoid", Activation::Sigmoid),
    ] {
        let plan = layer
            .plan((&weight[..], &[1_usize, 8, 2, 2][..]), None)
            .and_then(|plan| plan.activation(activation));
        let Ok(plan) = plan else {
            panic!("the layer is legal");
        };
        let mut y = vec![0.0; 8 * 64 * 64];
        let mut scratch = Scratch::new();
        let run = Run::new().threads(1);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let ran = plan.run_slice_into_with(&x, &[1, 1, 32, 32], &mut y, &mut scratch, &run);
                assert!(ran.is_ok(), "{ran:?}");
                black_box(&mut y);
            });
        });
    }
    group.finish();
}

criterion_group!(kernels, tiles, activations);
criterion_main!(kernels);
