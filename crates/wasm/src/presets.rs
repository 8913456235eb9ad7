//! Problems worth looking at first.

use convt_explain::Preset;
use serde_json::{Value, json};

/// `{presets: [{name, en, zh, query}]}` in the order of a lesson.
pub(crate) fn presets() -> Value {
    let all: Vec<Value> = Preset::all()
        .iter()
        .map(|preset| {
            json!({
                "name": preset.name,
                "en": preset.title_en,
                "zh": preset.title_zh,
                "query": preset.state.to_query(),
            })
        })
        .collect();
    json!({ "presets": all })
}
