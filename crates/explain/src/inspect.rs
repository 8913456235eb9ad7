//! Where a number comes from: the products behind any cell of any map.

use convt_draw::Map;

use crate::model::{Link, Model, Three, flat, positions, unflat, volume};
use crate::views::number::{list, number};
use crate::words::{Said, Words};
use crate::{CellKind, ExplainError, State, letter};

/// One product in which a cell takes part.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Index of the input element, the channel first where there are several.
    pub input: Vec<usize>,
    /// Index of the tap, both channel indices of the weight first where there are several.
    pub tap: Vec<usize>,
    /// Index of the output, the channel first where there are several.
    pub output: Vec<usize>,
    /// The tap's letter.
    pub letter: String,
    /// The two factors: input and weight; for gradients the arriving gradient and what it is multiplied by.
    pub factors: [f64; 2],
    /// Their product.
    pub product: f64,
}

/// What is known of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// One sentence in the state's language.
    pub sentence: String,
    /// The cell's number; none for zeros that multiply nothing and for holes.
    pub value: Option<f64>,
    /// The products that make the number (output, gradients), or in which the cell takes part (input, kernel, matrix).
    pub terms: Vec<Term>,
    /// What is added besides, where the cell is an output of a layer with a bias.
    pub bias: Option<f64>,
}

/// What is behind cell `index` of a map. The index is the one of the cell's [`Place`](convt_draw::Place) in a figure: the
/// map's spatial axes, before them the channel where the map has several (of a kernel: both channel indices of the
/// weight). Spatial axes alone mean channel 0.
pub fn inspect(state: &State, map: Map, index: &[usize]) -> Result<Inspection, ExplainError> {
    let model = Model::new(state)?;
    let words = state.lang.words();
    let inspector = Inspector {
        state,
        model: &model,
        words,
    };
    match map {
        Map::Output => inspector.output(index),
        Map::Input => inspector.input(index),
        Map::Kernel | Map::Flipped => inspector.tap(index),
        Map::Stretched => inspector.stretched(index),
        Map::Matrix => inspector.entry(index),
        Map::GradientOfOutput | Map::GradientOfInput | Map::GradientOfKernel => {
            inspector.gradient(map, index)
        }
    }
}

struct Inspector<'a> {
    state: &'a State,
    model: &'a Model,
    words: &'static dyn Words,
}

impl Inspector<'_> {
    /// Splits an index into its leading channel indices and a position in `shape`.
    fn place(
        &self,
        index: &[usize],
        channels: &[usize],
        shape: Three,
    ) -> Result<(Vec<usize>, Three), ExplainError> {
        let dims = self.model.dims;
        let bad = || ExplainError::Cell {
            index: index.to_vec(),
            shape: [channels, &shape[3 - dims..]].concat(),
        };
        let leading = index.len().checked_sub(dims).ok_or_else(bad)?;
        let own = self.model.three(&index[leading..]).ok_or_else(bad)?;
        let first = match leading {
            0 => vec![0; channels.len()],
            n if n == channels.len() => index[..n].to_vec(),
            _ => return Err(bad()),
        };
        let inside = (0..3).all(|a| own[a] < shape[a])
            && first
                .iter()
                .zip(channels)
                .all(|(index, count)| index < count);
        if inside { Ok((first, own)) } else { Err(bad()) }
    }

    fn term(&self, ci: usize, co: usize, link: &Link, factors: [f64; 2]) -> Term {
        let model = self.model;
        Term {
            input: model.input_index(ci, link.q),
            tap: model.tap_index(model.kernel_index(ci, co), link.t),
            output: model.output_index(co, link.o),
            letter: letter(flat(model.kernel(), link.t)),
            factors,
            product: factors[0] * factors[1],
        }
    }

    fn forward(&self, ci: usize, co: usize, link: &Link) -> Term {
        let factors = [self.model.x_at(ci, link.q), self.model.w_at(ci, co, link.t)];
        self.term(ci, co, link, factors)
    }

    fn output(&self, index: &[usize]) -> Result<Inspection, ExplainError> {
        let model = self.model;
        let (channel, o) = self.place(index, &[model.out_channels], model.output())?;
        let co = channel[0];
        let links = model.gather(o);
        let terms: Vec<Term> = model
            .sources(co)
            .flat_map(|ci| links.iter().map(move |link| self.forward(ci, co, link)))
            .collect();
        let value = model.y_at(co, o);
        let at = list(&model.output_index(co, o));
        let said = Said::Output(&at, terms.len(), &number(value));
        Ok(Inspection {
            sentence: self.words.inspected(&said),
            value: Some(value),
            terms,
            bias: model.b.as_ref().map(|b| b[co]),
        })
    }

    fn input(&self, index: &[usize]) -> Result<Inspection, ExplainError> {
        let model = self.model;
        let (channel, q) = self.place(index, &[model.in_channels], model.input())?;
        let ci = channel[0];
        let links = model.scatter(q);
        let terms: Vec<Term> = model
            .targets(ci)
            .flat_map(|co| links.iter().map(move |link| self.forward(ci, co, link)))
            .collect();
        let at = list(&model.input_index(ci, q));
        Ok(Inspection {
            sentence: self.words.inspected(&Said::Input(&at, terms.len())),
            value: Some(model.x_at(ci, q)),
            terms,
            bias: None,
        })
    }

    /// The products of one pair of channels that use a tap.
    fn uses(&self, t: Three) -> Vec<Link> {
        positions(self.model.input())
            .flat_map(|q| self.model.scatter(q))
            .filter(|link| link.t == t)
            .collect()
    }

    fn tap(&self, index: &[usize]) -> Result<Inspection, ExplainError> {
        let model = self.model;
        let channels = [model.w.shape[0], model.w.shape[1]];
        let (leading, t) = self.place(index, &channels, model.kernel())?;
        let (ci, co) = model.channels_of([leading[0], leading[1]]);
        let links = self.uses(t);
        let terms: Vec<Term> = links
            .iter()
            .map(|link| self.forward(ci, co, link))
            .collect();
        let name = letter(flat(model.kernel(), t));
        Ok(Inspection {
            sentence: self.words.inspected(&Said::Tap(&name, terms.len())),
            value: Some(model.w_at(ci, co, t)),
            terms,
            bias: None,
        })
    }

    fn stretched(&self, index: &[usize]) -> Result<Inspection, ExplainError> {
        let model = self.model;
        let trace = model.trace(0)?;
        let mut shape = [1; 3];
        shape[3 - model.dims..].copy_from_slice(&trace.steps.padded[0].shape);
        let (channel, at) = self.place(index, &[model.in_channels], shape)?;
        let cell = &trace.steps.padded[0].cells[flat(shape, at)];
        let said = match (cell.kind, cell.source) {
            (CellKind::Value, Some(source)) => {
                let q = unflat(model.input(), source);
                return self.input(&[&[channel[0]], &model.own(q)[..]].concat());
            }
            (CellKind::InsertedZero | CellKind::Value, _) => Said::Inserted,
            (CellKind::PaddingZero, _) => Said::Padding,
            (CellKind::OutputPaddingZero, _) => Said::OutputPadding,
            (CellKind::Cropped, _) => Said::Cut,
        };
        Ok(Inspection {
            sentence: self.words.inspected(&said),
            value: None,
            terms: Vec::new(),
            bias: None,
        })
    }

    /// An entry of the matrix that is drawn: of C for a convolution, of C^T for a transposed one. Its rows are the input,
    /// its columns the output.
    fn entry(&self, index: &[usize]) -> Result<Inspection, ExplainError> {
        let model = self.model;
        let shape = [volume(model.input()), volume(model.output())];
        let &[row, column] = index else {
            return Err(ExplainError::Cell {
                index: index.to_vec(),
                shape: shape.to_vec(),
            });
        };
        if row >= shape[0] || column >= shape[1] {
            return Err(ExplainError::Cell {
                index: index.to_vec(),
                shape: shape.to_vec(),
            });
        }
        let o = unflat(model.output(), column);
        let q = unflat(model.input(), row);
        let links = model.gather(o);
        let Some(link) = links.iter().find(|link| link.q == q) else {
            return Ok(Inspection {
                sentence: self.words.inspected(&Said::Hole(row, column)),
                value: None,
                terms: Vec::new(),
                bias: None,
            });
        };
        let name = letter(flat(model.kernel(), link.t));
        Ok(Inspection {
            sentence: self.words.inspected(&Said::Entry(row, column, &name)),
            value: Some(model.w_at(0, 0, link.t)),
            terms: vec![self.forward(0, 0, link)],
            bias: None,
        })
    }

    fn gradient(&self, map: Map, index: &[usize]) -> Result<Inspection, ExplainError> {
        let model = self.model;
        let (gy, answer) = crate::gradient::of(self.state, model)?;
        let gy_at =
            |co: usize, o: Three| gy.data[co * volume(model.output()) + flat(model.output(), o)];
        let (name, value, terms) = match map {
            Map::GradientOfInput => {
                let (channel, q) = self.place(index, &[model.in_channels], model.input())?;
                let ci = channel[0];
                let links = model.scatter(q);
                let mut terms = Vec::new();
                for co in model.targets(ci) {
                    for link in &links {
                        let factors = [gy_at(co, link.o), model.w_at(ci, co, link.t)];
                        terms.push(self.term(ci, co, link, factors));
                    }
                }
                let value = answer.x.data[ci * volume(model.input()) + flat(model.input(), q)];
                (
                    format!("dL/dx[{}]", list(&model.input_index(ci, q))),
                    value,
                    terms,
                )
            }
            Map::GradientOfKernel => {
                let channels = [model.w.shape[0], model.w.shape[1]];
                let (leading, t) = self.place(index, &channels, model.kernel())?;
                let leading = [leading[0], leading[1]];
                let (ci, co) = model.channels_of(leading);
                let links = self.uses(t);
                let term = |link: &Link| {
                    self.term(ci, co, link, [gy_at(co, link.o), model.x_at(ci, link.q)])
                };
                let kernel = leading[0] * channels[1] + leading[1];
                let value = answer.w.data[kernel * model.taps() + flat(model.kernel(), t)];
                let name = format!("dL/dw[{}]", list(&model.tap_index(leading, t)));
                (name, value, links.iter().map(term).collect())
            }
            _ => {
                let (channel, o) = self.place(index, &[model.out_channels], model.output())?;
                let at = list(&model.output_index(channel[0], o));
                return Ok(Inspection {
                    sentence: self.words.inspected(&Said::Arriving(&at)),
                    value: Some(gy_at(channel[0], o)),
                    terms: Vec::new(),
                    bias: None,
                });
            }
        };
        let said = Said::Gradient(&name, terms.len(), &number(value));
        Ok(Inspection {
            sentence: self.words.inspected(&said),
            value: Some(value),
            terms,
            bias: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    #[test]
    fn products_and_bias_make_the_output() {
        let mut state = Preset::named("note-4").unwrap().state;
        state.b = Some(crate::Values::List(vec![0.5]));
        let found = inspect(&state, Map::Output, &[1, 1]).unwrap();
        assert_eq!(found.terms.len(), 4);
        let sum: f64 = found.terms.iter().map(|term| term.product).sum();
        assert_eq!(found.value, Some(sum + 0.5));
        let letters: Vec<&str> = found.terms.iter().map(|term| &term.letter[..]).collect();
        assert_eq!(letters, ["i", "g", "c", "a"]);
    }

    #[test]
    fn zeros_and_holes_say_what_they_are() {
        let state = Preset::named("note-4").unwrap().state;
        assert!(
            inspect(&state, Map::Stretched, &[0, 0])
                .unwrap()
                .sentence
                .contains("padding")
        );
        assert!(
            inspect(&state, Map::Stretched, &[1, 2])
                .unwrap()
                .sentence
                .contains("inserts")
        );
        assert_eq!(
            inspect(&state, Map::Stretched, &[1, 1]).unwrap().value,
            Some(1.0)
        );
        assert_eq!(inspect(&state, Map::Matrix, &[0, 24]).unwrap().value, None);
        assert!(inspect(&state, Map::Output, &[5, 0]).is_err());
        assert!(inspect(&state, Map::Output, &[0]).is_err());
        assert!(inspect(&state, Map::Output, &[0, 0, 0, 0]).is_err());
    }
}
