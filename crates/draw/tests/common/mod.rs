//! Figures made by hand for tests and for looking at.
#![allow(dead_code)] // each test uses some of it

use convt_draw::{Anchor, Area, CELL, Cell, Figure, Frame, Ink, Item, Map, Paint, Place, Stroke};

/// A cell of a map, in a grid whose upper left corner lies at `at`.
pub(crate) fn cell(
    at: (f64, f64),
    row: usize,
    column: usize,
    map: Map,
    paint: Paint,
    label: &str,
) -> Cell {
    Cell {
        area: Area {
            x: at.0 + column as f64 * CELL,
            y: at.1 + row as f64 * CELL,
            width: CELL,
            height: CELL,
        },
        paint,
        label: label.to_owned(),
        corner: String::new(),
        focus: false,
        place: Some(Place {
            map,
            index: vec![row, column],
        }),
    }
}

pub(crate) fn outline(x: f64, y: f64, columns: usize, rows: usize, stroke: Stroke) -> Item {
    Item::Outline {
        area: Area {
            x,
            y,
            width: columns as f64 * CELL,
            height: rows as f64 * CELL,
        },
        stroke,
    }
}

pub(crate) fn words(x: f64, y: f64, size: f64, ink: Ink, anchor: Anchor, text: &str) -> Item {
    Item::Text {
        x,
        y,
        anchor,
        size,
        ink,
        text: text.to_owned(),
    }
}

/// Names of the maps and of the figure.
fn names(chinese: bool) -> [&'static str; 4] {
    if chinese {
        ["输入 2×2", "卷积核 3×3", "输出 5×5", "转置卷积，步幅 2"]
    } else {
        [
            "Input 2×2",
            "Kernel 3×3",
            "Output 5×5",
            "Transposed convolution, stride 2",
        ]
    }
}

const INPUT: [i32; 4] = [1, -2, 3, 4];
const KERNEL: [i32; 9] = [1, 2, 1, 2, 4, 2, 1, 2, 1];

/// Scatter of a 2x2 input with a 3x3 kernel, stride 2: four frames, one per stamp.
pub(crate) fn stamps(chinese: bool) -> Figure {
    let mut sums = [None; 25];
    let mut frames = Vec::new();
    for (stamp, x) in INPUT.into_iter().enumerate() {
        let (row, column) = (stamp / 2, stamp % 2);
        for (tap, w) in KERNEL.into_iter().enumerate() {
            let at = (2 * row + tap / 3) * 5 + 2 * column + tap % 3;
            sums[at] = Some(sums[at].unwrap_or(0) + x * w);
        }
        let mut items = maps(stamp, &sums);
        items.extend(words_of_stamps(chinese));
        let (first, last) = (2 * row, 2 * row + 2);
        frames.push(Frame {
            items,
            caption: if chinese {
                format!("输入 x[{row},{column}] = {x} 乘以整个卷积核，累加到输出的第 {first} 至 {last} 行。")
            } else {
                format!(
                    "Input x[{row},{column}] = {x} stamps the whole kernel, scaled by {x}, on output rows {first} to {last}."
                )
            },
            seconds: 0.8,
        });
    }
    Figure {
        width: 520.0,
        height: 276.0,
        title: names(chinese)[3].to_owned(),
        description: if chinese {
            "每个输入元素把卷积核盖在输出上。".to_owned()
        } else {
            "Every input element stamps the kernel on the output.".to_owned()
        },
        frames,
    }
}

/// The three grids at one stamp.
fn maps(stamp: usize, sums: &[Option<i32>; 25]) -> Vec<Item> {
    let mut items = Vec::new();
    let (inputs, taps, outputs) = ((20.0, 60.0), (140.0, 60.0), (300.0, 60.0));
    for (n, x) in INPUT.into_iter().enumerate() {
        let mut c = cell(
            inputs,
            n / 2,
            n % 2,
            Map::Input,
            Paint::Input,
            &x.to_string(),
        );
        c.focus = n == stamp;
        items.push(Item::Cell(c));
    }
    for (tap, w) in KERNEL.into_iter().enumerate() {
        let paint = Paint::Kernel(tap, 9);
        let mut c = cell(taps, tap / 3, tap % 3, Map::Kernel, paint, &w.to_string());
        c.corner = char::from(b'a' + tap as u8).to_string();
        items.push(Item::Cell(c));
    }
    for (n, sum) in sums.iter().enumerate() {
        let (paint, label) = match sum {
            Some(sum) => (Paint::Output, sum.to_string()),
            None => (Paint::Pending, String::new()),
        };
        items.push(Item::Cell(cell(
            outputs,
            n / 5,
            n % 5,
            Map::Output,
            paint,
            &label,
        )));
    }
    items.push(outline(20.0, 60.0, 2, 2, Stroke::Map(Map::Input)));
    items.push(outline(140.0, 60.0, 3, 3, Stroke::Map(Map::Kernel)));
    items.push(outline(300.0, 60.0, 5, 5, Stroke::Map(Map::Output)));
    let (left, top) = ((stamp % 2 * 2) as f64 * CELL, (stamp / 2 * 2) as f64 * CELL);
    items.push(outline(300.0 + left, 60.0 + top, 3, 3, Stroke::Focus));
    items.push(Item::Arrow {
        from: (264.0, 120.0),
        to: (296.0, 120.0),
        stroke: Stroke::Quiet,
    });
    items
}

fn words_of_stamps(chinese: bool) -> Vec<Item> {
    let [input, kernel, output, title] = names(chinese);
    let start = Anchor::Start;
    vec![
        words(20.0, 50.0, 15.0, Ink::Title(Map::Input), start, input),
        words(140.0, 50.0, 15.0, Ink::Title(Map::Kernel), start, kernel),
        words(300.0, 50.0, 15.0, Ink::Title(Map::Output), start, output),
        words(20.0, 24.0, 13.0, Ink::Quiet, start, title),
        words(
            140.0,
            210.0,
            14.0,
            Ink::Number,
            start,
            "(2−1)·2 + 3 = 5 ≤ ⌊11/2⌋",
        ),
    ]
}

/// Every paint with and without a label, in focus and with a corner, every stroke and every ink.
pub(crate) fn paints(chinese: bool) -> Figure {
    let all = [
        ("Input", "输入", Paint::Input, "7"),
        ("Kernel", "卷积核", Paint::Kernel(4, 9), "2"),
        ("Output", "输出", Paint::Output, "-12"),
        ("Pending", "尚未计算", Paint::Pending, "?"),
        ("Inserted zero", "插入的零", Paint::InsertedZero, "0"),
        ("Padding zero", "填充的零", Paint::PaddingZero, "0"),
        (
            "output_padding",
            "输出填充的零",
            Paint::OutputPaddingZero,
            "0",
        ),
        ("Cropped", "裁掉", Paint::Cropped, "5"),
        ("Hole", "空缺", Paint::Hole, "0"),
        ("Diverging", "正负", Paint::Diverging(-0.8), "-3.75"),
        ("Count", "计数", Paint::Count(0.75), "4"),
        ("Gradient", "梯度", Paint::Gradient, "0.5"),
        ("Plain", "无底色", Paint::Plain, "b"),
    ];
    let mut items = Vec::new();
    for (n, (english, zh, paint, label)) in all.into_iter().enumerate() {
        let at = (20.0 + (n % 3) as f64 * 260.0, 40.0 + (n / 3) as f64 * 60.0);
        for column in 0..3 {
            let label = if column == 0 { "" } else { label };
            let mut c = cell(at, 0, column, Map::Matrix, paint, label);
            c.focus = column == 2;
            if column > 0 {
                "e".clone_into(&mut c.corner);
            }
            items.push(Item::Cell(c));
        }
        let name = if chinese { zh } else { english };
        items.push(words(
            at.0 + 130.0,
            at.1 + 25.0,
            14.0,
            Ink::Normal,
            Anchor::Start,
            name,
        ));
    }
    scales(&mut items);
    strokes_and_inks(&mut items);
    Figure {
        width: 800.0,
        height: 560.0,
        title: if chinese { "所有格子" } else { "All cells" }.to_owned(),
        description: String::new(),
        frames: vec![Frame {
            items,
            caption: if chinese {
                "三种零画法不同：插入的零是圆点，填充的零是疏斜线，输出填充的零是密斜线加虚线边框；裁掉的格子有虚线边框和一道斜线。"
            } else {
                "The three zeros differ: inserted ones have a dot, padding a wide hatch, output_padding a dense hatch and a dashed border; what is cropped has a stroke through it."
            }
            .to_owned(),
            seconds: 1.0,
        }],
    }
}

/// A kernel of 3x3 and of 2x3 taps, and both scales.
fn scales(items: &mut Vec<Item>) {
    for step in 0..9_usize {
        let value = step as f64 / 4.0 - 1.0;
        let label = format!("{value}");
        let row = [
            (0, Paint::Diverging(value), label),
            (1, Paint::Count(step as f64 / 8.0), step.to_string()),
        ];
        for (line, paint, label) in row {
            let at = (20.0 + 40.0 * step as f64, 340.0 + 45.0 * f64::from(line));
            items.push(Item::Cell(Cell {
                place: None,
                ..cell(at, 0, 0, Map::Output, paint, &label)
            }));
        }
        let letter = char::from(b'a' + step as u8).to_string();
        items.push(Item::Cell(cell(
            (420.0, 325.0),
            step / 3,
            step % 3,
            Map::Kernel,
            Paint::Kernel(step, 9),
            &letter,
        )));
        if step < 6 {
            items.push(Item::Cell(cell(
                (580.0, 345.0),
                step / 3,
                step % 3,
                Map::Kernel,
                Paint::Kernel(step, 6),
                &letter,
            )));
        }
    }
}

/// Every stroke as an outline and as an arrow, and every ink.
fn strokes_and_inks(items: &mut Vec<Item>) {
    let y = 465.0;
    items.push(outline(20.0, y, 2, 1, Stroke::Map(Map::Output)));
    items.push(outline(140.0, y, 2, 1, Stroke::Focus));
    items.push(outline(260.0, y, 2, 1, Stroke::Crop));
    items.push(outline(380.0, y, 2, 1, Stroke::Quiet));
    for (n, stroke) in [Stroke::Focus, Stroke::Crop, Stroke::Quiet]
        .into_iter()
        .enumerate()
    {
        items.push(Item::Arrow {
            from: (490.0 + n as f64 * 50.0, y + 35.0),
            to: (530.0 + n as f64 * 50.0, y + 5.0),
            stroke,
        });
    }
    for (n, ink) in [
        Ink::Title(Map::GradientOfInput),
        Ink::Normal,
        Ink::Quiet,
        Ink::Number,
        Ink::Warning,
    ]
    .into_iter()
    .enumerate()
    {
        let text = [
            "Title 标题",
            "Normal 普通",
            "Quiet 次要",
            "×±·≤≥≠≈÷⌊n⌋Cᵀx₁²∑…→",
            "Warning 警告",
        ][n];
        items.push(words(
            80.0 + n as f64 * 150.0,
            545.0,
            16.0,
            ink,
            Anchor::Middle,
            text,
        ));
    }
}
