//! Blocks whose rows are output channels: one phase after the other.

use convt_simd::Taps;

use super::line::LinePhase;
use super::{Blocked, HELD, Step, Tiles};
use crate::Element;

impl<T: Element> Tiles<'_, T> {
    /// All phases of one block of channels.
    pub(super) fn channels(
        &self,
        blocked: &Blocked<T>,
        step: &Step<'_, T>,
        panel: &[T],
        sums: &mut [T],
        planes: &mut [&mut [T]],
    ) {
        let [_, depth, height, width] = &self.lines;
        let pitch = self.cut.pitch;
        let rows = step.block.rows;
        for pd in &depth.phases {
            for ph in &height.phases {
                for held in width.phases.chunks(HELD) {
                    let distance = pitch * rows;
                    for (n, pw) in held.iter().enumerate() {
                        let sums = &mut sums[n * distance..];
                        if step.inputs.start > 0 {
                            self.each_plane(step, pd, ph, |plane, rows_of| {
                                for r in 0..rows {
                                    rows_of.gather(step, sums, planes[plane + r], (pw, r * pitch));
                                }
                            });
                        }
                        self.sum(blocked, step, panel, [pd, ph, pw], sums);
                    }
                    let mut phases = [(&held[0], 0); HELD];
                    for (n, (to, phase)) in phases.iter_mut().zip(held).enumerate() {
                        *to = (phase, n * distance);
                    }
                    self.each_plane(step, pd, ph, |plane, rows_of| {
                        for r in 0..rows {
                            let (y, sums) = (&mut planes[plane + r], &sums[r * pitch..]);
                            rows_of.store(step, y, sums, &phases[..held.len()]);
                        }
                    });
                }
                self.activate(step, (pd, ph), planes);
            }
        }
    }

    /// One phase of one block: the register tiles.
    fn sum(
        &self,
        blocked: &Blocked<T>,
        step: &Step<'_, T>,
        panel: &[T],
        phase: [&LinePhase; 3],
        sums: &mut [T],
    ) {
        let [size_i, size_d, size_h, size_w] = self.cut.size;
        let [_, _, height, width] = &self.lines;
        // Offsets of up to this many taps lie on the stack.
        let mut small = [0_usize; 128];
        let mut large = Vec::new();
        let taps = phase.iter().map(|phase| phase.taps.len()).product();
        let offsets = if taps <= small.len() {
            &mut small[..taps]
        } else {
            large.resize(taps, 0);
            &mut large[..]
        };
        let copies = self.cut.copies;
        let mut next = offsets.iter_mut();
        for &(rd, sd) in &phase[0].taps {
            for &(rh, sh) in &phase[1].taps {
                for (&(rw, sw), offset) in phase[2].taps.iter().zip(&mut next) {
                    let residue = (rd * height.residues.len() + rh) * width.residues.len() + rw;
                    // A shift along the width is a copy of its own, or an offset within the row.
                    let (copy, sw) = if self.cut.unrolled { (sw, 0) } else { (0, sw) };
                    let depth = (residue * copies + copy) * size_d + sd;
                    *offset = (depth * size_h + sh) * size_i * size_w + sw;
                }
            }
        }
        let class = phase.map(|phase| phase.class);
        let taps = Taps {
            x: panel,
            plane: self.cut.channel,
            planes: step.inputs.len(),
            offsets,
            weights: blocked.weights(step.block, class, step.inputs.clone()),
            ahead: None,
        };
        let bias = &blocked.bias[step.block.channel..][..step.block.rows];
        let start = (step.inputs.start == 0).then_some(bias);
        let into = (sums, self.cut.pitch);
        let (isa, rows) = (step.common.isa, step.block.rows);
        isa.tile(rows, &taps, 0, self.flat(step.at), start, into);
    }
}
