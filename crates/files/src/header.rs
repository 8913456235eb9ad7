//! The header of an `.npy` file: a Python dictionary with three known keys.
//!
//! `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, padded with spaces and ended by a newline. The reader
//! below knows this form and no other Python, so it needs no recursion and no memory beyond the text.

/// What the dictionary says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dictionary {
    pub(crate) descr: String,
    pub(crate) fortran_order: bool,
    pub(crate) shape: Vec<usize>,
}

impl Dictionary {
    /// Reads the text between the header's length and its data; the error is a phrase.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor { rest: text };
        let (mut descr, mut order, mut shape) = (None, None, None);
        cursor.expect('{')?;
        while !cursor.take('}') {
            let key = cursor.string()?;
            cursor.expect(':')?;
            match key {
                "descr" => descr = Some(cursor.descr()?),
                "fortran_order" => order = Some(cursor.boolean()?),
                "shape" => shape = Some(cursor.shape()?),
                other => {
                    return Err(format!(
                        "the key {other:?} is not one of descr, fortran_order, shape"
                    ));
                }
            }
            if !cursor.take(',') {
                cursor.expect('}')?;
                break;
            }
        }
        if !cursor.rest.trim().is_empty() {
            return Err("something follows the dictionary".to_string());
        }
        let missing = |key| format!("the key {key:?} is missing");
        Ok(Self {
            descr: descr.ok_or_else(|| missing("descr"))?,
            fortran_order: order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    /// The dictionary as numpy writes it.
    pub(crate) fn print(&self) -> String {
        format!(
            "{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}",
            self.descr,
            if self.fortran_order { "True" } else { "False" },
            crate::tensor::Shape(&self.shape)
        )
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Takes `sign` if it comes next, after white space.
    fn take(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        Err(match self.rest.chars().next() {
            Some(found) => format!("there is {found:?} where {sign:?} was expected"),
            None => format!("it ends where {sign:?} was expected"),
        })
    }

    /// A string between single or double quotes, without escapes.
    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.take('"') {
            '"'
        } else {
            self.expect('\'')?;
            '\''
        };
        let (inside, rest) = self.rest.split_once(quote).ok_or("a string has no end")?;
        self.rest = rest;
        Ok(inside)
    }

    /// The element type. That of a structured array is a list, taken up to its last bracket to be shown in an error.
    fn descr(&mut self) -> Result<String, String> {
        self.rest = self.rest.trim_start();
        if !self.rest.starts_with('[') {
            return self.string().map(str::to_string);
        }
        let end = self
            .rest
            .rfind(']')
            .ok_or("the list of fields has no end")?
            + 1;
        let (list, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(list.to_string())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("fortran_order is neither True nor False".to_string())
    }

    /// A tuple of whole numbers; Python 2 wrote some of them with an `L`.
    fn shape(&mut self) -> Result<Vec<usize>, String> {
        self.expect('(')?;
        let mut shape = Vec::new();
        while !self.take(')') {
            self.rest = self.rest.trim_start();
            let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '-');
            let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            let size = digits.parse().map_err(|_| {
                format!("the shape holds {digits:?}, not a size that this machine can hold")
            })?;
            shape.push(size);
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_numpy_writes_and_prints_it_back() {
        for (text, shape) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
                vec![],
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
                vec![3],
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                vec![2, 3],
            ),
        ] {
            let found = Dictionary::parse(&format!("{text}    \n")).unwrap();
            assert_eq!((found.descr.as_str(), found.fortran_order), ("<f4", false));
            assert_eq!(found.shape, shape);
            assert_eq!(found.print(), text);
        }
        let other = "{\"shape\":(2L,3L),\"fortran_order\":True,\"descr\":\">i8\"}";
        let found = Dictionary::parse(other).unwrap();
        assert_eq!((found.shape, found.fortran_order), (vec![2, 3], true));
    }

    #[test]
    fn broken_dictionaries_are_described() {
        for (text, part) in [
            ("", "ends where '{'"),
            ("((((((", "'('"),
            ("{'descr': '<f4'", "'}'"),
            ("{'descr': '<f4}", "no end"),
            (
                "{'descr': '<f4', 'fortran_order': 1, 'shape': ()}",
                "neither True nor False",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False}",
                "\"shape\" is missing",
            ),
            (
                "{'fortran_order': False, 'shape': ()}",
                "\"descr\" is missing",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
                "\"-1\"",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                "99999",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
                "follows",
            ),
            ("{'color': '<f4'}", "\"color\""),
        ] {
            let problem = Dictionary::parse(text).unwrap_err();
            assert!(problem.contains(part), "{text}: {problem}");
        }
    }

    #[test]
    fn a_structured_type_is_kept_for_the_message() {
        let text = "{'descr': [('a', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (2,), }";
        assert_eq!(
            Dictionary::parse(text).unwrap().descr,
            "[('a', '<f4'), ('b', '<i4', (2,))]"
        );
    }
}
