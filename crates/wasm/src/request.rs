//! Reading a request and choosing who answers it.

use serde_json::{Value, json};

use crate::error::Error;
use crate::query::Query;
use crate::sentence::{Lang, sentence};
use crate::{describe, numbers, picture, presets, solve, weights};

/// A request as an object.
pub(crate) struct Request(Value);

impl Request {
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number, if it is there; a number that is not whole or negative is refused.
    pub(crate) fn number(&self, key: &str) -> Result<Option<usize>, Error> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .map(Some)
                .ok_or_else(|| Error::request(format!("{key} = {value} must be a whole number"))),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A list of whole numbers; what is none is left out.
    pub(crate) fn numbers(&self, key: &str) -> Vec<usize> {
        let list = self.0.get(key).and_then(Value::as_array);
        let numbers = list.into_iter().flatten().filter_map(Value::as_u64);
        numbers.filter_map(|n| usize::try_from(n).ok()).collect()
    }

    /// Two whole numbers.
    pub(crate) fn pair(&self, key: &str) -> Option<[usize; 2]> {
        self.numbers(key).try_into().ok()
    }

    /// The reader's language: the request's own, otherwise its state's.
    pub(crate) fn lang(&self) -> Lang {
        match self.text("lang") {
            "" => Lang::parse(self.state().get("lang").unwrap_or_default()),
            own => Lang::parse(own),
        }
    }

    pub(crate) fn state(&self) -> Query {
        Query::parse(self.text("state"))
    }
}

/// The answer to a request, whatever it is.
pub(crate) fn answer(text: &str) -> Value {
    with_request(text, |request| match request.text("do") {
        "presets" => Ok(presets::presets()),
        "describe" => Ok(describe::describe(request)),
        "frame" => picture::frame(request),
        "export" => picture::export(request),
        "inspect" => numbers::inspect(request),
        "numbers" => numbers::numbers(request),
        "balance" => numbers::balance(request),
        "code" => numbers::code(request),
        "port" => numbers::port(request),
        "solve" => solve::solve(request),
        other => Err(Error::request(format!("`{other}` is not a request"))),
    })
}

/// The answer to a request about the bytes of a file.
pub(crate) fn load(bytes: &[u8], text: &str) -> Value {
    with_request(text, |request| weights::load(bytes, request))
}

fn with_request(text: &str, act: impl FnOnce(&Request) -> Result<Value, Error>) -> Value {
    let request = match serde_json::from_str(text) {
        Ok(value) => Request(value),
        Err(error) => return json!({ "error": format!("the request is not JSON: {error}") }),
    };
    act(&request).unwrap_or_else(|error| json!({ "error": sentence(&error, request.lang()) }))
}
