//! PSNR and SSIM against their definitions on small pictures.

mod common;

use std::io::Cursor;

use common::*;
use convt_upscale::{Channels, Comparison, Depth, Error, Format, compare};

fn compared(a: &Picture, b: &Picture, border: usize) -> Result<Comparison, Error> {
    let file = |p: &Picture| Box::new(Cursor::new(encode(p, Format::Png)));
    compare(file(a), file(b), border, 1 << 30)
}

#[test]
fn psnr_of_a_known_difference() {
    let grey = |value| picture((20, 20), Channels::Grey, Depth::Eight, move |_| value);
    let c = compared(&grey(100), &grey(105), 0).unwrap();
    let expected = 10.0 * (255.0_f64 * 255.0 / 25.0).log10();
    assert!((c.luma_psnr - expected).abs() < 1e-9 && (c.rgb_psnr - expected).abs() < 1e-9);
    // Flat windows have no variance: only the term of the means is left.
    let c1 = (0.01_f64 * 255.0).powi(2);
    let means = (2.0 * 100.0 * 105.0 + c1) / (100.0_f64.powi(2) + 105.0_f64.powi(2) + c1);
    assert!((c.ssim.unwrap() - means).abs() < 1e-9);
    // Colour is compared on luma, of which white and black are 219 apart.
    let rgb = |value| picture((20, 20), Channels::Rgb, Depth::Eight, move |_| value);
    let c = compared(&rgb(0), &rgb(255), 0).unwrap();
    assert!((c.luma_psnr - 20.0 * (255.0_f64 / 219.0).log10()).abs() < 1e-9);
    assert!(c.rgb_psnr.abs() < 1e-9);
}

#[test]
fn depth_does_not_matter_and_the_border_does() {
    let eight = picture((16, 16), Channels::Grey, Depth::Eight, |n| (n % 200) as u32);
    let sixteen = picture((16, 16), Channels::Grey, Depth::Sixteen, |n| {
        (n % 200) as u32 * 257
    });
    let c = compared(&eight, &sixteen, 0).unwrap();
    assert!(c.luma_psnr > 200.0);
    let mut framed = eight.clone();
    framed.samples[..16].fill(255);
    assert!(compared(&eight, &framed, 0).unwrap().luma_psnr < 60.0);
    assert!(
        compared(&eight, &framed, 1)
            .unwrap()
            .luma_psnr
            .is_infinite()
    );
}

/// SSIM by its definition, one window at a time in two dimensions.
fn ssim(a: &[f64], b: &[f64], width: usize, height: usize) -> f64 {
    let weight = |u: usize, v: usize| {
        let (u, v) = (u as f64 - 5.0, v as f64 - 5.0);
        (-(u * u + v * v) / 4.5).exp()
    };
    let total: f64 = (0..121).map(|n| weight(n / 11, n % 11)).sum();
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 0..=height - 11 {
        for x in 0..=width - 11 {
            let mean = |f: &dyn Fn(usize) -> f64| -> f64 {
                (0..121)
                    .map(|n| weight(n / 11, n % 11) / total * f((y + n / 11) * width + x + n % 11))
                    .sum()
            };
            let (ma, mb) = (mean(&|i| a[i]), mean(&|i| b[i]));
            let va = mean(&|i| (a[i] - ma).powi(2));
            let vb = mean(&|i| (b[i] - mb).powi(2));
            let cov = mean(&|i| (a[i] - ma) * (b[i] - mb));
            let (c1, c2) = (2.55_f64.powi(2), 7.65_f64.powi(2));
            sum += (2.0 * ma * mb + c1) * (2.0 * cov + c2)
                / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            count += 1.0;
        }
    }
    sum / count
}

#[test]
fn ssim_is_its_definition() {
    let (width, height) = (17, 14);
    let a = noise((width, height), Channels::Grey, Depth::Eight);
    let mut b = a.clone();
    for (n, v) in b.samples.iter_mut().enumerate() {
        *v = v.wrapping_add((n % 13) as u8);
    }
    let numbers = |p: &Picture| p.samples.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let expected = ssim(&numbers(&a), &numbers(&b), width, height);
    let got = compared(&a, &b, 0).unwrap().ssim.unwrap();
    assert!((got - expected).abs() < 1e-9, "{got} and {expected}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let a = noise((12, 12), Channels::Grey, Depth::Eight);
    let b = noise((12, 11), Channels::Grey, Depth::Eight);
    assert!(matches!(
        compared(&a, &b, 0),
        Err(Error::CompareSize { .. })
    ));
    for border in [6, 7, usize::MAX] {
        assert!(matches!(
            compared(&a, &a, border),
            Err(Error::CompareSmall { .. })
        ));
    }
    assert_eq!(compared(&a, &a, 1).unwrap().ssim, None);
    let file = Box::new(Cursor::new(encode(&a, Format::Png)));
    assert!(matches!(
        compare(file.clone(), file, 0, 1000),
        Err(Error::Memory { .. })
    ));
}
