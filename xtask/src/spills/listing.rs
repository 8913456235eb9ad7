//! Functions, loops and stack accesses in an assembler listing.

use std::fmt;

/// How a listing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// x86-64 in AT&T's order.
    X86,
    /// 64-bit Arm.
    Arm,
}

impl Syntax {
    fn comment(self) -> &'static str {
        match self {
            Self::X86 => "#",
            Self::Arm => "//",
        }
    }

    fn is_fused(self, code: &str) -> bool {
        match self {
            Self::X86 => code.starts_with("vfmadd") && code.contains('p'),
            Self::Arm => code.starts_with("fmla"),
        }
    }

    /// Whether a vector register and the stack meet. `framed`: the frame pointer is one in this function.
    fn is_vector_on_stack(self, code: &str, framed: bool) -> bool {
        match self {
            Self::X86 => {
                let vector = ["%xmm", "%ymm", "%zmm"]
                    .iter()
                    .any(|name| code.contains(name));
                let frame = framed && code.contains("(%rbp");
                vector && (code.contains("(%rsp") || frame)
            }
            Self::Arm => {
                let mut words = code.split(|c: char| !c.is_ascii_alphanumeric());
                let moved = words
                    .next()
                    .is_some_and(|w| w.starts_with("ld") || w.starts_with("st"));
                let register = |word: &str| {
                    let number = word.strip_prefix(['q', 'd', 'v']);
                    number.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
                };
                let frame = framed && code.contains("[x29");
                moved && words.any(register) && (code.contains("[sp") || frame)
            }
        }
    }

    /// Whether the instruction makes the frame pointer one.
    fn frames(self, code: &str) -> bool {
        match self {
            Self::X86 => {
                code == "movq %rsp, %rbp"
                    || code.starts_with("leaq") && code.ends_with("(%rsp), %rbp")
            }
            Self::Arm => code == "mov x29, sp" || code.starts_with("add x29, sp"),
        }
    }

    /// The label that the instruction may jump to.
    fn jump(self, code: &str) -> Option<&str> {
        let (operation, operands) = code.split_once(' ')?;
        let jumps = match self {
            Self::X86 => operation.starts_with('j'),
            Self::Arm => {
                operation == "b"
                    || operation.starts_with("b.")
                    || operation.starts_with("cb")
                    || operation.starts_with("tb")
            }
        };
        let label = operands.rsplit([' ', ',']).next()?;
        (jumps && label.starts_with(".L")).then_some(label)
    }
}

/// An innermost loop with fused multiply-adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    pub(crate) fused: usize,
    /// Vectors that go to the stack or come from it.
    pub(crate) on_stack: usize,
}

/// A function of the listing.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Rows and vectors, where the function is a tile.
    pub(crate) tile: Option<(usize, usize)>,
    pub(crate) loops: Vec<Loop>,
}

impl Function {
    /// What is wrong with it, in words.
    pub(crate) fn faults(&self) -> Vec<String> {
        // Outside of tiles a loop of a single multiply-add has one sum, which is a row's remnant: it may lie in a buffer. Where
        // two phases are summed at once, a remnant has one of each.
        let remnant = match self.tile {
            Some(_) => 0,
            None if self.name.contains("7doubled") => 2,
            None => 1,
        };
        let mut faults: Vec<String> = self
            .loops
            .iter()
            .filter(|found| found.on_stack > 0 && found.fused > remnant)
            .map(|found| {
                format!(
                    "a loop of {} fused multiply-adds moves {} vectors to or from the stack",
                    found.fused, found.on_stack
                )
            })
            .collect();
        if let Some((rows, vectors)) = self.tile {
            let whole = rows * vectors;
            if !self.loops.iter().any(|found| found.fused % whole == 0) {
                faults.push(format!(
                    "no loop has a multiple of {whole} fused multiply-adds"
                ));
            }
        }
        faults
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: loops of", self.name)?;
        for found in &self.loops {
            write!(f, " {}", found.fused)?;
            if found.on_stack > 0 {
                write!(f, " ({} ON THE STACK)", found.on_stack)?;
            }
        }
        Ok(())
    }
}

/// Every function of a listing, with its innermost loops that have fused multiply-adds.
pub(crate) fn functions(text: &str, syntax: Syntax) -> Vec<Function> {
    let mut found = Vec::new();
    let mut symbol: Option<&str> = None;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let label = line.split_once(':').map(|(label, _)| label);
        let label = label.filter(|label| !label.contains(char::is_whitespace) && !label.is_empty());
        if let Some(name) = label.filter(|label| !label.starts_with(".L")) {
            symbol = Some(name);
            lines.clear();
        } else if label.is_some_and(|label| label.starts_with(".Lfunc_end")) {
            if let Some(symbol) = symbol.take() {
                found.push(function(symbol, &lines, syntax));
            }
        } else if symbol.is_some() {
            let code = line.split(syntax.comment()).next().unwrap_or_default();
            let words: Vec<&str> = code.split_whitespace().collect();
            if !words.is_empty() {
                lines.push(words.join(" "));
            }
        }
    }
    found
}

fn function(symbol: &str, lines: &[String], syntax: Syntax) -> Function {
    let tile = tile(symbol);
    let framed = lines.iter().any(|code| syntax.frames(code));
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (end, code) in lines.iter().enumerate() {
        let Some(label) = syntax.jump(code) else {
            continue;
        };
        let begin = lines[..end]
            .iter()
            .position(|line| line.strip_suffix(':') == Some(label));
        spans.extend(begin.map(|begin| (begin, end)));
    }
    let inside = |inner: &(usize, usize), outer: &(usize, usize)| {
        inner != outer && outer.0 <= inner.0 && inner.1 <= outer.1
    };
    let count = |&(begin, end): &(usize, usize), what: &dyn Fn(&str) -> bool| {
        lines[begin..end].iter().filter(|code| what(code)).count()
    };
    let fused = |span: &(usize, usize)| count(span, &|code| syntax.is_fused(code));
    // Loops without fused multiply-adds, such as one that clears something, do not make their surroundings outer ones.
    spans.retain(|span| fused(span) > 0);
    let innermost = spans
        .iter()
        .filter(|span| !spans.iter().any(|other| inside(other, span)));
    let loops = innermost.map(|span| Loop {
        fused: fused(span),
        on_stack: count(span, &|code| syntax.is_vector_on_stack(code, framed)),
    });
    Function {
        name: name(symbol, tile),
        tile,
        loops: loops.collect(),
    }
}

/// The rows and vectors of a tile, from its mangled name: the constants of its `Sweep`, each `Kj`, hexadecimal digits and
/// `_`. A second one that equals the first is a reference back to it, `KB`.
fn tile(symbol: &str) -> Option<(usize, usize)> {
    let (_, generics) = symbol.split_once("5Sweep")?;
    let (_, constants) = generics.split_once("Kj")?;
    let (rows, rest) = constants.split_once('_')?;
    let vectors = match rest.strip_prefix("Kj") {
        Some(rest) => rest.split_once('_')?.0,
        None if rest.starts_with("KB") => rows,
        None => return None,
    };
    let number = |digits| usize::from_str_radix(digits, 16).ok();
    Some((number(rows)?, number(vectors)?))
}

/// `run_avx512 f32 12x2` for a tile, and the symbol for anything else.
fn name(symbol: &str, tile: Option<(usize, usize)>) -> String {
    let set = symbol.find("run_").map(|at| &symbol[at..]);
    let set = set.and_then(|set| set.split("INt").next());
    let element = symbol
        .split_once("5Sweep")
        .and_then(|(_, rest)| rest.chars().next());
    match (set, element, tile) {
        (Some(set), Some(element), Some((rows, vectors))) => {
            let element = if element == 'd' { "f64" } else { "f32" };
            format!("{set} {element} {rows}x{vectors}")
        }
        _ => symbol.to_string(),
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
