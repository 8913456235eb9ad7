//! The networks that are built in: the files of `models/`.

/// A network by name, its scale, and its file.
type Model = (&'static str, usize, &'static [u8]);

/// A row for each file, names as in [`super::Network::NAMES`], scales ascending.
const MODELS: &[Model] = &[];

/// The scales that a network has.
pub(super) fn scales(name: &str) -> Vec<usize> {
    let rows = MODELS.iter().filter(|row| row.0 == name);
    rows.map(|row| row.1).collect()
}

/// The file of a network for a scale.
pub(super) fn bytes(name: &str, scale: usize) -> Option<&'static [u8]> {
    let mut rows = MODELS.iter();
    rows.find(|row| (row.0, row.1) == (name, scale))
        .map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Network, Weights};

    #[test]
    fn every_model_is_a_network_of_its_scale() {
        for (name, scale, bytes) in MODELS {
            assert!(Network::NAMES.contains(name), "{name}");
            assert_eq!(Weights::parse(bytes, name).unwrap().scale(), *scale);
        }
    }

    #[test]
    fn every_file_has_its_row() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
        let Ok(files) = std::fs::read_dir(folder) else {
            assert!(MODELS.is_empty());
            return;
        };
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| name.ends_with(".safetensors"))
            .collect();
        names.sort();
        let rows = MODELS.iter();
        let mut rows: Vec<String> = rows
            .map(|(name, scale, _)| format!("{name}-x{scale}.safetensors"))
            .collect();
        rows.sort();
        assert_eq!(names, rows);
    }
}
