//! A worker's side of the conversation.

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use convt_files::{Elements, Existing, Location, TensorData};
use serde_json::{Map, Value, json};

use crate::timing::time;

/// A layer to be loaded.
pub struct Job {
    request: Value,
}

/// A loaded layer, ready to be called.
pub struct Case {
    /// The timed call.
    pub call: Box<dyn FnMut()>,
    /// The output of the last call, in `(N, C, spatial...)` order.
    pub fetch: Box<dyn FnMut() -> Vec<f32>>,
    /// What the answer to `load` tells beside `ok`: a `note`, and what only some workers know.
    pub facts: Map<String, Value>,
}

impl Job {
    /// One integer of the layer.
    pub fn number(&self, name: &str) -> Result<usize, String> {
        self.layer(name)
            .as_u64()
            .map(|n| n as usize)
            .ok_or_else(|| format!("the layer has no number `{name}`"))
    }

    /// One integer per spatial axis.
    pub fn axes(&self, name: &str) -> Result<Vec<usize>, String> {
        let axes = self.layer(name).as_array();
        axes.and_then(|axes| {
            axes.iter()
                .map(|n| n.as_u64().map(|n| n as usize))
                .collect()
        })
        .ok_or_else(|| format!("the layer has no list `{name}`"))
    }

    fn layer(&self, name: &str) -> &Value {
        &self.request["layer"][name]
    }

    /// The layer as one line of text.
    pub fn problem(&self) -> &str {
        self.request["problem"].as_str().unwrap_or_default()
    }

    /// Threads that the library may use.
    pub fn threads(&self) -> usize {
        self.request["threads"].as_u64().unwrap_or(1) as usize
    }

    /// The layer as an ONNX model of one node.
    pub fn onnx(&self) -> PathBuf {
        PathBuf::from(self.request["onnx"].as_str().unwrap_or_default())
    }

    /// The input.
    pub fn x(&self) -> Result<(Vec<f32>, Vec<usize>), String> {
        self.array("x")
    }

    /// The weight, `(C_in, C_out/groups, kernel...)`.
    pub fn weight(&self) -> Result<(Vec<f32>, Vec<usize>), String> {
        self.array("w")
    }

    /// The bias, if the layer has one.
    pub fn bias(&self) -> Result<Option<Vec<f32>>, String> {
        if self.request["b"].is_null() {
            return Ok(None);
        }
        self.array("b").map(|(values, _)| Some(values))
    }

    /// The output's shape.
    pub fn output_shape(&self) -> Result<Vec<usize>, String> {
        let mut shape = vec![self.number("batch")?, self.number("out_channels")?];
        shape.extend(self.axes("output")?);
        Ok(shape)
    }

    fn array(&self, name: &str) -> Result<(Vec<f32>, Vec<usize>), String> {
        let path = self.request[name].as_str().unwrap_or_default();
        let tensor = convt_files::read(&file(path)).map_err(|error| error.to_string())?;
        Ok((tensor.elements.into_f32(), tensor.shape))
    }
}

fn file(path: impl AsRef<Path>) -> Location {
    Location {
        file: Some(path.as_ref().to_path_buf()),
        tensor: None,
    }
}

/// Speaks with the driver on standard input and output until the input ends. `make` loads a layer; an error or a panic in
/// it is the answer for that layer and no more.
pub fn serve(version: &str, mut make: impl FnMut(&Job) -> Result<Case, String>) -> io::Result<()> {
    converse(
        version,
        &mut io::stdin().lock(),
        &mut io::stdout().lock(),
        &mut make,
    )
}

fn converse(
    version: &str,
    requests: &mut dyn BufRead,
    answers: &mut dyn Write,
    make: &mut dyn FnMut(&Job) -> Result<Case, String>,
) -> io::Result<()> {
    let mut say = |answer: &Value| {
        writeln!(answers, "{answer}")?;
        answers.flush()
    };
    say(&json!({"ready": true, "version": version}))?;
    let mut case = None;
    for line in requests.lines() {
        let answer = match serde_json::from_str::<Value>(&line?) {
            Ok(request) => guarded(|| reply(request, &mut case, make)),
            Err(error) => Err(format!("not a request: {error}")),
        };
        say(&answer.unwrap_or_else(|error| json!({"ok": false, "error": error})))?;
    }
    Ok(())
}

fn reply(
    request: Value,
    case: &mut Option<Case>,
    make: &mut dyn FnMut(&Job) -> Result<Case, String>,
) -> Result<Value, String> {
    match request["do"].as_str() {
        Some("load") => {
            *case = None;
            let job = Job { request };
            let mut new = make(&job)?;
            (new.call)();
            let out = file(job.request["out"].as_str().unwrap_or_default());
            let tensor = TensorData {
                shape: job.output_shape()?,
                elements: Elements::F32((new.fetch)()),
            };
            if tensor.elements.len() != tensor.shape.iter().product::<usize>() {
                return Err(format!(
                    "{} output elements for the shape {:?}",
                    tensor.elements.len(),
                    tensor.shape
                ));
            }
            convt_files::write(&out, &tensor, Existing::Replace)
                .map_err(|error| error.to_string())?;
            let mut answer = std::mem::take(&mut new.facts);
            answer.insert("ok".into(), true.into());
            *case = Some(new);
            Ok(Value::Object(answer))
        }
        Some("time") => {
            let case = case.as_mut().ok_or("nothing is loaded")?;
            let seconds = |name: &str| request[name].as_f64().unwrap_or(0.0);
            let ms = time(&mut case.call, seconds("seconds"), seconds("warm"));
            Ok(json!({"ok": true, "ms": ms}))
        }
        Some("drop") => {
            *case = None;
            Ok(json!({"ok": true}))
        }
        _ => Err(format!("no such request: {request}")),
    }
}

/// A panic as an error: libraries under test refuse layers in both ways.
fn guarded(work: impl FnOnce() -> Result<Value, String>) -> Result<Value, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or("without words")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a worker that doubles its input answers to these requests.
    fn answers(requests: &[Value]) -> Vec<Value> {
        let lines: Vec<String> = requests.iter().map(Value::to_string).collect();
        let mut out = Vec::new();
        let mut make = |job: &Job| {
            let (x, _) = job.x()?;
            assert!(x[0] >= 0.0, "negative");
            Ok(Case {
                call: Box::new(|| {}),
                fetch: Box::new(move || x.iter().map(|x| 2.0 * x).collect()),
                facts: Map::from_iter([("note".to_string(), "doubles".into())]),
            })
        };
        converse("v1", &mut lines.join("\n").as_bytes(), &mut out, &mut make).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn layer_with(x: &[f32], output: usize, folder: &Path) -> Value {
        let path = folder.join("x.npy");
        let tensor = TensorData {
            shape: vec![1, 1, x.len()],
            elements: Elements::F32(x.to_vec()),
        };
        convt_files::write(&file(&path), &tensor, Existing::Replace).unwrap();
        json!({
            "do": "load", "x": path, "out": folder.join("y.npy"),
            "layer": {"batch": 1, "out_channels": 1, "output": [output]},
        })
    }

    #[test]
    fn a_layer_is_loaded_answered_timed_and_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let load = layer_with(&[1.0, 2.5], 2, folder.path());
        let time = json!({"do": "time", "seconds": 0.0, "warm": 0.0});
        let said = answers(&[
            time.clone(),
            load,
            time.clone(),
            json!({"do": "drop"}),
            time,
        ]);
        assert_eq!(said[0], json!({"ready": true, "version": "v1"}));
        assert_eq!(said[1]["error"], "nothing is loaded");
        assert_eq!(said[2], json!({"note": "doubles", "ok": true}));
        assert!(said[3]["ms"].as_array().is_some_and(|ms| !ms.is_empty()));
        assert_eq!(said[4], json!({"ok": true}));
        assert_eq!(said[5]["ok"], false);
        let y = convt_files::read(&file(folder.path().join("y.npy"))).unwrap();
        assert_eq!(
            (y.shape, y.elements),
            (vec![1, 1, 2], Elements::F32(vec![2.0, 5.0]))
        );
    }

    #[test]
    fn errors_and_panics_are_answers_and_the_worker_lives_on() {
        let folder = tempfile::tempdir().unwrap();
        let wrong_size = layer_with(&[1.0], 3, folder.path());
        let said = answers(&[wrong_size, json!({"do": "dance"}), json!({"do": "drop"})]);
        assert!(said[1]["error"].as_str().unwrap().contains("[1, 1, 3]"));
        assert!(said[2]["error"].as_str().unwrap().contains("dance"));
        assert_eq!(said[3]["ok"], true);
        let panics = layer_with(&[-1.0], 1, folder.path());
        assert_eq!(answers(&[panics])[1]["error"], "panic: negative");
    }
}
