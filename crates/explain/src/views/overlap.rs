//! Counts per output, phases and their sums, and the verdict.

use convt_draw::{Anchor, Frame, Ink, Map, Paint, Stroke};
use convt_geometry::Op;

use super::canvas::{Canvas, FORMULA, FORMULA_LINE, Look, NAME};
use super::layout::{Block, MARGIN, Spot, flow};
use super::number::{by, list, number};
use super::{Stage, Table};
use crate::model::{Model, Three, flat, unflat, volume};
use crate::words::Words;
use crate::{ExplainError, Overlap, PhaseSum, State, letter};

pub(super) struct OverlapView {
    model: Model,
    words: &'static dyn Words,
    found: Overlap,
    phases: Three,
    kernel: Spot,
    counts: Spot,
    sums: Spot,
    formula_top: f64,
    size: (f64, f64),
}

impl OverlapView {
    pub(super) fn new(state: &State) -> Result<Self, ExplainError> {
        let model = Model::new(state)?;
        let words = state.lang.words();
        let found = crate::overlap::of(&model);
        let phases = match model.op {
            Op::ConvTranspose => model.each(|axis| axis.stride),
            Op::Conv => [1; 3],
        };
        let line = vec![
            Block::new(model.kernel()).titled(words.kernel(), ""),
            Block::new(model.output()).titled(words.counts(), words.counts_note()),
            Block::new(phases).titled(words.phase_sums(), words.phase_sums_note()),
        ];
        let lines = if model.dims == 1 {
            line.into_iter().map(|block| vec![block]).collect()
        } else {
            vec![line]
        };
        let (spots, right, bottom) = flow(&lines, MARGIN);
        let spots: Vec<Spot> = spots.into_iter().flatten().collect();
        let formula_top = bottom + 44.0;
        Ok(Self {
            size: (
                right.max(680.0),
                formula_top + 0.5 * FORMULA_LINE + MARGIN / 2.0,
            ),
            kernel: spots[0],
            counts: spots[1],
            sums: spots[2],
            formula_top,
            phases,
            found,
            words,
            model,
        })
    }

    /// The phases of the first pair of channels.
    fn first(&self) -> &[PhaseSum] {
        &self.found.sums[..volume(self.phases)]
    }

    fn phase_of(&self, o: Three) -> usize {
        flat(self.phases, [0, 1, 2].map(|a| o[a] % self.phases[a]))
    }

    fn verdict(&self) -> String {
        let verdict = self.found.verdict;
        self.words
            .verdict(self.model.op, &verdict, volume(self.phases))
    }
}

impl Stage for OverlapView {
    fn size(&self) -> (f64, f64) {
        self.size
    }

    fn frames(&self) -> usize {
        volume(self.phases) + 1
    }

    fn cells(&self) -> usize {
        volume(self.model.output()) + self.model.taps() + volume(self.phases)
    }

    fn title(&self) -> String {
        self.words.title_overlap()
    }

    fn draw(&self, index: usize) -> (Frame, Vec<Table>) {
        let (model, words) = (&self.model, self.words);
        let now = (index < volume(self.phases)).then_some(index);
        let mut canvas = Canvas::default();
        let pair = (model.in_channels * model.out_channels > 1).then(|| {
            (
                self.first()[0].input_channel,
                self.first()[0].output_channel,
            )
        });
        let note = words.kernel_note(&by(&model.own(model.kernel())), pair);
        canvas.map(&self.kernel, Map::Kernel, words.kernel(), &note, |t| {
            let at = flat(model.kernel(), t);
            Some(
                Look::new(Paint::Kernel(at, model.taps()), number(model.w_at(0, 0, t)))
                    .corner(letter(at))
                    .focus(now.is_some_and(|phase| self.first()[phase].taps.contains(&at)))
                    .at(model.tap_index([0, 0], t)),
            )
        });
        let most = self.found.counts.iter().max().copied().unwrap_or(0).max(1);
        canvas.map(
            &self.counts,
            Map::Output,
            words.counts(),
            words.counts_note(),
            |o| {
                let count = self.found.counts[flat(model.output(), o)];
                let paint = match count {
                    0 => Paint::Hole,
                    _ => Paint::Count(count as f64 / most as f64),
                };
                Some(
                    Look::new(paint, count.to_string())
                        .focus(now == Some(self.phase_of(o)))
                        .at(model.output_index(0, o)),
                )
            },
        );
        let largest = self
            .first()
            .iter()
            .map(|one| one.sum.abs())
            .fold(0.0, f64::max);
        canvas.map(
            &self.sums,
            Map::Output,
            words.phase_sums(),
            words.phase_sums_note(),
            |phase| {
                let one = &self.first()[flat(self.phases, phase)];
                let paint = if one.taps.is_empty() {
                    Paint::Hole
                } else if largest > 0.0 && one.sum.is_finite() {
                    Paint::Diverging((one.sum / largest).clamp(-1.0, 1.0))
                } else {
                    Paint::Diverging(0.0)
                };
                let label = if one.taps.is_empty() {
                    "—".to_string()
                } else {
                    number(one.sum)
                };
                Some(Look::new(paint, label).focus(now == Some(flat(self.phases, phase))))
            },
        );
        let y = self.formula_top;
        let caption = if let Some(phase) = now {
            let one = &self.first()[phase];
            let at = unflat(self.phases, phase);
            canvas.around(&self.sums, at.map(|n| n as isize), [1; 3], Stroke::Focus);
            let letters: Vec<String> = one.taps.iter().map(|&tap| letter(tap)).collect();
            let line = if letters.is_empty() {
                words.no_tap().to_string()
            } else {
                format!("{} = {}", letters.join(" + "), number(one.sum))
            };
            canvas.words(MARGIN, y, Anchor::Start, FORMULA, Ink::Number, &line);
            words.phase(
                model.op,
                &list(&one.phase),
                one.taps.len(),
                &number(one.sum),
            )
        } else {
            let verdict = self.found.verdict;
            for (i, (good, text)) in words.verdict_lines(&verdict).into_iter().enumerate() {
                let (mark, ink) = if good {
                    ("✓", Ink::Normal)
                } else {
                    ("✗", Ink::Warning)
                };
                let x = MARGIN + i as f64 * (self.size.0 - 2.0 * MARGIN) / 3.0;
                canvas.words(x, y, Anchor::Start, NAME, ink, &format!("{mark} {text}"));
            }
            self.verdict()
        };
        let seconds = if now.is_none() { 4.0 } else { 1.8 };
        canvas.finish(caption, seconds)
    }
}
