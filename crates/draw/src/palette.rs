//! The few colours that a GIF has.

use std::collections::HashMap;

use crate::color::Rgb;

/// Colours in a GIF's table; one more entry says "as before".
const COLORS: usize = 63;

/// Counts colours, then maps each to the nearest of a few.
pub(crate) struct Palette {
    colors: Vec<Rgb>,
    nearest: HashMap<Rgb, u8>,
}

/// How often each colour occurs.
#[derive(Default)]
pub(crate) struct Census(HashMap<Rgb, u64>);

impl Census {
    pub(crate) fn count(&mut self, rgba: &[u8]) {
        let (colors, _) = rgba.as_chunks::<4>();
        let mut run: Option<(Rgb, u64)> = None;
        for &[r, g, b, _] in colors {
            let color = Rgb(r, g, b);
            match &mut run {
                Some((known, length)) if *known == color => *length += 1,
                _ => {
                    if let Some((known, length)) = run.replace((color, 1)) {
                        *self.0.entry(known).or_default() += length;
                    }
                }
            }
        }
        if let Some((known, length)) = run {
            *self.0.entry(known).or_default() += length;
        }
    }

    /// Colour by colour, the one whose pixels are worst off so far: how many they are, times how far the nearest chosen
    /// colour is. So wide grounds are kept exactly, however alike they are, and blends at rims share what is left.
    pub(crate) fn palette(self) -> Palette {
        let mut candidates: Vec<(Rgb, u64, u64)> = self
            .0
            .into_iter()
            .map(|(color, count)| (color, count, u64::from(u32::MAX)))
            .collect();
        candidates.sort_unstable();
        let mut colors = Vec::new();
        while colors.len() < COLORS {
            let worst = candidates
                .iter()
                .map(|&(color, count, far)| (count.saturating_mul(far), color))
                .max();
            let Some((1.., chosen)) = worst else { break };
            colors.push(chosen);
            for (color, _, far) in &mut candidates {
                *far = (*far).min(u64::from(distance(*color, chosen)));
            }
        }
        Palette {
            colors,
            nearest: HashMap::new(),
        }
    }
}

/// Squared distance, the eye's sensitivities in small integers.
fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    3 * square(a.0, b.0) + 6 * square(a.1, b.1) + square(a.2, b.2)
}

impl Palette {
    /// Red, green and blue of every colour, in table order.
    pub(crate) fn table(&self) -> Vec<u8> {
        self.colors.iter().flat_map(|c| [c.0, c.1, c.2]).collect()
    }

    /// The entry that no colour has: "as before".
    pub(crate) fn transparent(&self) -> u8 {
        self.colors.len() as u8
    }

    /// The entry of each pixel.
    pub(crate) fn indices(&mut self, rgba: &[u8]) -> Vec<u8> {
        let (pixels, _) = rgba.as_chunks::<4>();
        let mut last = (Rgb(0, 0, 0), None);
        pixels
            .iter()
            .map(|&[r, g, b, _]| {
                let color = Rgb(r, g, b);
                if let (known, Some(entry)) = last
                    && known == color
                {
                    return entry;
                }
                let colors = &self.colors;
                let entry = *self.nearest.entry(color).or_insert_with(|| {
                    let entries = colors.iter().enumerate();
                    let nearest = entries.min_by_key(|(_, known)| distance(**known, color));
                    nearest.map_or(0, |(entry, _)| entry as u8)
                });
                last = (color, Some(entry));
                entry
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_kept_exactly() {
        let rgba = [1, 2, 3, 255, 1, 2, 4, 255, 1, 2, 3, 255];
        let mut census = Census::default();
        census.count(&rgba);
        let mut palette = census.palette();
        assert_eq!(palette.table(), [1, 2, 3, 1, 2, 4]);
        assert_eq!(palette.indices(&rgba), [0, 1, 0]);
        assert_eq!(palette.transparent(), 2);
    }

    /// Two wide grounds hardly apart, and hundreds of blends of which each is rare.
    #[test]
    fn wide_grounds_are_kept_exactly() {
        let (blue, green) = ([211, 231, 245, 255], [201, 235, 222, 255]);
        let mut rgba = [blue.repeat(2000), green.repeat(3000)].concat();
        rgba.extend((0..=255_u8).flat_map(|v| [v, v, v, 255, 255 - v, v, 0, 255]));
        let mut census = Census::default();
        census.count(&rgba);
        let mut palette = census.palette();
        let table = palette.table();
        let (table, _) = table.as_chunks::<3>();
        for color in [blue, green] {
            let entry = palette.indices(&color)[0];
            assert_eq!(table[usize::from(entry)], color[..3]);
        }
    }

    #[test]
    fn many_colours_become_few_near_ones() {
        let rgba: Vec<u8> = (0..=255_u8).flat_map(|v| [v, v, v / 2, 255]).collect();
        let mut census = Census::default();
        census.count(&rgba);
        let mut palette = census.palette();
        let table = palette.table();
        assert!(table.len() <= COLORS * 3 && table.len() > COLORS);
        for (v, entry) in palette.indices(&rgba).into_iter().enumerate() {
            assert!(table[usize::from(entry) * 3].abs_diff(v as u8) <= 8);
        }
    }
}
