//! The sum behind one output, in letters and in numbers.

use super::FourSteps;
use crate::model::unflat;
use crate::views::canvas::FORMULA;
use crate::views::layout::MARGIN;
use crate::views::number::{factor, list, number, product, sum_lines};
use crate::{Slide, letter};

/// Sums longer than this are written in numbers only.
const MOST_LETTERS: usize = 9;

impl FourSteps {
    /// The lines of the formula of one output of channel `co`.
    pub(super) fn formula(&self, co: usize, slide: &Slide) -> Vec<String> {
        let model = &self.model;
        let first = model.sources(co).start;
        let y = match model.out_channels {
            1 => format!("y[{}]", list(&slide.output)),
            _ => format!("y[{co},{}]", list(&slide.output)),
        };
        let room = self.size.0 - 2.0 * MARGIN;
        let bias = model.b.as_ref().map(|b| b[co]);
        let sum = format!(" = {}", number(slide.sum));
        let single = model.sources(co).len() == 1;
        let count = slide.products.len();
        let mut terms = Vec::new();
        let mut letters = Vec::new();
        for (i, one) in slide.products.iter().enumerate() {
            let mut term = product(one.x, one.w);
            // The products of one input channel stand in brackets.
            let before = i.checked_sub(1).map(|i| slide.products[i].channel);
            let after = slide.products.get(i + 1).map(|next| next.channel);
            if !single && before != Some(one.channel) {
                term.insert(0, '(');
            }
            if !single && after != Some(one.channel) {
                term.push(')');
            }
            terms.push(term);
            let at = model.own(unflat(model.input(), one.input));
            let at = match model.in_channels {
                1 => list(&at),
                _ => format!("{},{}", first + one.channel, list(&at)),
            };
            letters.push(format!("x[{at}]·{}", letter(one.tap)));
        }
        if let Some(bias) = bias {
            terms.push(factor(bias));
            letters.push(self.words.bias().into());
        }
        if terms.is_empty() {
            return vec![format!("{y} = 0")];
        }
        let mut lines = Vec::new();
        let size = FORMULA;
        if single && count <= MOST_LETTERS && self.formula_lines > 1 {
            lines = sum_lines(
                &format!("{y} = "),
                &letters,
                "",
                room,
                size,
                2.min(self.formula_lines - 1),
            );
        }
        let head = if lines.is_empty() {
            format!("{y} = ")
        } else {
            "    = ".to_string()
        };
        let left = self.formula_lines.saturating_sub(lines.len()).max(1);
        lines.extend(sum_lines(&head, &terms, &sum, room, size, left));
        lines
    }
}
