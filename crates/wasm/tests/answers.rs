//! What the page is answered: never a dead end, never a panic, numbers that are right.

use proptest::prelude::*;
use serde_json::{Value, json};

fn ask(request: &Value) -> Value {
    serde_json::from_str(&convt_wasm::call(&request.to_string())).unwrap()
}

fn describe(state: &str, lang: &str) -> Value {
    ask(&json!({ "do": "describe", "state": state, "lang": lang }))
}

/// The state after a patch.
fn patched(state: &str, patch: &Value) -> String {
    let patch = patch.as_object().unwrap();
    let kept = state.split('&').filter(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        !patch.contains_key(key)
    });
    let mut all: Vec<String> = kept.map(String::from).collect();
    all.extend(
        patch
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap())),
    );
    all.join("&")
}

/// A refused state offers repairs, and each of them is legal.
fn has_a_way_out(state: &str) -> Result<(), String> {
    for lang in ["en", "zh"] {
        let answer = describe(state, lang);
        let Some(refused) = answer.get("refused") else {
            assert!(answer["axes"].is_array(), "{state}: {answer}");
            continue;
        };
        if refused["text"].as_str().unwrap_or_default().is_empty() {
            return Err(format!("{state} is refused without a word"));
        }
        let repairs = refused["repairs"].as_array().unwrap();
        if repairs.is_empty() {
            return Err(format!("{state} has no repair: {refused}"));
        }
        for repair in repairs {
            let repaired = patched(state, &repair["patch"]);
            if describe(&repaired, lang).get("refused").is_some() {
                return Err(format!("{state} is not repaired by {repair}"));
            }
        }
    }
    Ok(())
}

#[test]
fn the_well_known_mistakes_have_repairs() {
    for state in [
        "i=3x3&k=3&s=2&p=1&op=2",
        "i=3x3&k=3&s=2&p=5",
        "i=3x3&k=0&s=2",
        "i=3x3&k=3&s=0",
        "i=0x3&k=3",
        "i=3x3&k=3x3x3",
        "i=3x3x3x3&k=3",
        "i=3x3&k=3&c=4-6&g=4",
        "i=3x3&k=3&c=0-1",
        "i=3x3&k=3&c=2&g=0",
        "i=3x3&k=3&p=-1",
        "i=3x3&k=3&s=-2&op=-3&d=0",
        "i=3x3&k=three",
        "i=x&k=x&s=x&p=x&op=x&d=x&g=x&c=x",
        "i=3x3&k=99999999999999999999",
        "i=18446744073709551615&k=3&s=18446744073709551615",
        "i=2x2&k=5&kind=conv",
        "i=4x4&k=3&op=1&kind=conv",
        "i=3x3&k=3&p=1:0xsame",
    ] {
        has_a_way_out(state).unwrap();
    }
}

#[test]
fn the_classic_repair_comes_first() {
    let answer = describe("i=3x3&k=3&s=2&p=1&op=2", "en");
    let first = &answer["refused"]["repairs"][0];
    assert_eq!(first["patch"], json!({ "op": "1" }));
    assert_eq!(first["label"], "set output_padding = 1");
}

#[test]
fn what_is_no_request_is_answered_too() {
    for request in [
        "",
        "{",
        "[]",
        "{\"do\":\"dance\"}",
        "{\"do\":\"solve\",\"scale\":-1}",
    ] {
        let answer: Value = serde_json::from_str(&convt_wasm::call(request)).unwrap();
        assert!(answer["error"].is_string(), "{request}");
    }
}

#[test]
fn solutions_reach_their_size() {
    let answer = ask(&json!({ "do": "solve", "input": 7, "output": 14 }));
    let solutions = answer["solutions"].as_array().unwrap();
    assert!(solutions.len() > 3);
    for one in solutions {
        let n = |key: &str| one[key].as_i64().unwrap();
        assert_eq!(
            6 * n("s") - 2 * n("p") + n("k") - 1 + n("op") + 1,
            14,
            "{one}"
        );
    }
    assert_eq!(solutions[0]["even"], true);
}

/// A file of two tensors: one weight of 16-bit numbers, one list of whole ones.
fn safetensors() -> Vec<u8> {
    let header = r#"{"w":{"dtype":"F16","shape":[1,2,1,2],"data_offsets":[0,8]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    for half in [0x3c00u16, 0x4000, 0xb800, 0x4200] {
        bytes.extend(half.to_le_bytes()); // 1, 2, -0.5, 3
    }
    bytes.extend([0; 8]);
    bytes
}

fn npy(order: &str) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': {order}, 'shape': (1, 2, 1, 3), }}");
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for n in 0..6u8 {
        bytes.extend(f32::from(n).to_le_bytes());
    }
    bytes
}

fn load(bytes: &[u8], tensor: &str, channels: [usize; 2]) -> Value {
    let request = json!({ "name": "file", "tensor": tensor, "channels": channels });
    serde_json::from_str(&convt_wasm::load(bytes, &request.to_string())).unwrap()
}

#[test]
fn kernels_come_out_of_files() {
    let answer = load(&safetensors(), "w", [0, 1]);
    assert_eq!(answer["kernel"], json!([1, 2]));
    assert_eq!(answer["values"], json!([-0.5, 3.0]));
    assert_eq!(answer["tensors"][0]["usable"], false);
    assert_eq!(
        load(&npy("False"), "weight", [0, 1])["values"],
        json!([3.0, 4.0, 5.0])
    );
    // In Fortran order element (0, c, 0, t) is number c + 2 t.
    assert_eq!(
        load(&npy("True"), "weight", [0, 1])["values"],
        json!([1.0, 3.0, 5.0])
    );
}

#[test]
fn broken_files_are_said_to_be_broken() {
    for (whole, tensor) in [(safetensors(), "w"), (npy("False"), "weight")] {
        for length in 0..whole.len() {
            let answer = load(&whole[..length], tensor, [0, 1]);
            assert!(
                answer["error"].is_string() || answer["values"].is_array(),
                "{length} bytes: {answer}"
            );
        }
        assert!(load(&whole, tensor, [7, 0])["error"].is_string());
    }
    assert!(load(b"hello, this is a text", "w", [0, 0])["error"].is_string());
}

#[test]
fn files_and_code_are_told_in_the_readers_language() {
    let told = |lang: &str, bytes: &[u8]| {
        let request =
            json!({ "name": "file", "tensor": "weight", "channels": [7, 0], "lang": lang });
        let answer: Value =
            serde_json::from_str(&convt_wasm::load(bytes, &request.to_string())).unwrap();
        answer["error"].as_str().unwrap().to_string()
    };
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let whole = npy("False");
    let broken = [
        &b"hello, this is a text"[..],
        &whole[..20],
        &b"\x93NUMPY\x09"[..],
        &whole,
    ];
    for bytes in broken {
        assert!(!chinese(&told("en", bytes)), "{}", told("en", bytes));
        assert!(chinese(&told("zh", bytes)), "{}", told("zh", bytes));
    }
    for lang in ["en", "zh"] {
        // Groups, and one more cropped at the end.
        let state = format!("i=3x3&k=3&s=2&d=2&g=2&c=2-2&crop=0:1&lang={lang}");
        let code = ask(&json!({ "do": "code", "state": state }));
        let notes = code["snippets"][1]["notes"].as_array().unwrap().clone();
        assert_eq!(notes.len(), 3, "{notes:?}");
        let port = |to: &str| {
            let request = json!({ "do": "port", "state": state, "from": "keras", "to": to });
            ask(&request)["warnings"].as_array().unwrap().clone()
        };
        for note in [notes, port("pytorch"), port("jax")].concat() {
            assert_eq!(chinese(note.as_str().unwrap()), lang == "zh", "{note}");
        }
        let refused = ask(&json!({ "do": "port", "state": state, "from": "keras", "to": "?" }));
        let refused = refused["error"].as_str().unwrap();
        assert_eq!(chinese(refused), lang == "zh", "{refused}");
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-2i64..9).prop_map(|n| n.to_string()),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => any::<u64>().prop_map(|n| n.to_string()),
        1 => "[a-z0-9:x-]{0,4}",
    ]
}

fn words() -> impl Strategy<Value = String> {
    proptest::collection::vec(word(), 1..4).prop_map(|words| words.join("x"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_state_is_a_dead_end(
        [i, k, s, p, op, d] in [words(), words(), words(), words(), words(), words()],
        g in word(), (a, b) in (word(), word()), conv in any::<bool>(),
    ) {
        let kind = if conv { "conv" } else { "conv_transpose" };
        let state = format!("kind={kind}&i={i}&k={k}&s={s}&p={p}&op={op}&d={d}&g={g}&c={a}-{b}");
        prop_assert_eq!(has_a_way_out(&state), Ok(()));
    }
}
