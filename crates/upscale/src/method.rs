//! The methods by name: kernels and networks.

use std::f64::consts::PI;
use std::fmt;

use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::network::Network;

/// How values between the pixels are made.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// Each pixel becomes a block.
    Nearest,
    /// The triangle of support 1.
    Bilinear,
    /// Keys' cubic of support 2 with a = -1/2, which reproduces parabolas.
    Bicubic,
    /// The sinc of support 3 under a sinc window.
    Lanczos,
    /// Taps of the user's own.
    Given {
        /// Where they come from, for messages.
        name: String,
        /// One axis or two.
        shape: Vec<usize>,
        /// The taps in the shape's order.
        values: Vec<f64>,
    },
    /// A network for luma; colours by [`Method::Bicubic`].
    Network(Network),
}

impl Method {
    /// The kernels that have a name.
    pub const NAMES: [&'static str; 4] = ["nearest", "bilinear", "bicubic", "lanczos"];

    /// The method of that name.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "nearest" => Ok(Self::Nearest),
            "bilinear" => Ok(Self::Bilinear),
            "bicubic" => Ok(Self::Bicubic),
            "lanczos" => Ok(Self::Lanczos),
            _ => Network::shipped(name)
                .map(Self::Network)
                .ok_or_else(|| Error::Method(name.to_owned())),
        }
    }

    /// The best method for a scale: the larger network where one is built in, else Lanczos's kernel, which can also convolve
    /// light.
    pub fn usual(scale: usize, linear: bool) -> Self {
        match Network::shipped(Network::NAMES[0]) {
            Some(network) if !linear && network.scales().contains(&scale) => Self::Network(network),
            _ => Self::Lanczos,
        }
    }

    /// The method's name, or that of its file.
    pub fn name(&self) -> &str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
            Self::Lanczos => "lanczos",
            Self::Given { name, .. } => name,
            Self::Network(network) => network.name(),
        }
    }

    /// The kernel at scale `s`, from 1 to [`crate::MAX_SCALE`]; of a network, the one for colours.
    pub fn kernel(&self, s: usize) -> Result<Kernel> {
        if s == 0 || s > crate::MAX_SCALE {
            return Err(Error::Scale(s as u64));
        }
        match self {
            Self::Nearest => Ok(Kernel::nearest(s)),
            Self::Bilinear => Kernel::sampled(1, s, |u| 1.0 - u.abs()),
            Self::Bicubic | Self::Network(_) => Kernel::sampled(2, s, cubic),
            Self::Lanczos => Kernel::sampled(3, s, |u| sinc(u) * sinc(u / 3.0)),
            Self::Given { shape, values, .. } => Kernel::given(shape, values, s),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Keys' cubic with a = -1/2: `(a+2)|u|^3 - (a+3)|u|^2 + 1` up to 1, `a|u|^3 - 5a|u|^2 + 8a|u| - 4a` up to 2.
fn cubic(u: f64) -> f64 {
    let u = u.abs();
    if u <= 1.0 {
        (1.5 * u - 2.5) * u * u + 1.0
    } else {
        ((-0.5 * u + 2.5) * u - 4.0) * u + 2.0
    }
}

fn sinc(u: f64) -> f64 {
    if u == 0.0 {
        1.0
    } else {
        (PI * u).sin() / (PI * u)
    }
}
