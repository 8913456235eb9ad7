//! Chinese (simplified): sentences.

use std::fmt::Write as _;

use convt_geometry::Op;

use super::{Pads, Said, Words, agreed, pairs, sides};
use crate::Verdict;

pub(super) struct Zh;

pub(super) fn name(op: Op) -> &'static str {
    match op {
        Op::Conv => "卷积",
        Op::ConvTranspose => "转置卷积",
    }
}

impl Words for Zh {
    fn size_note(&self, size: &str, channel: Option<usize>) -> String {
        match channel {
            Some(index) => format!("{size}，通道 {index}"),
            None => size.to_string(),
        }
    }
    fn kernel_note(&self, size: &str, pair: Option<(usize, usize)>) -> String {
        match pair {
            Some((ci, co)) => format!("{size}，通道 {ci} → {co}"),
            None => size.to_string(),
        }
    }

    fn title_steps(&self, op: Op, input: &str, kernel: &str, output: &str) -> String {
        let steps = match op {
            Op::ConvTranspose => "转置卷积四步走",
            Op::Conv => "卷积",
        };
        format!("{steps}：输入 {input}，卷积核 {kernel}，输出 {output}")
    }
    fn title_scatter(&self, op: Op, input: &str, output: &str) -> String {
        match op {
            Op::ConvTranspose => format!("用广播累加看转置卷积：输入 {input}，输出 {output}"),
            Op::Conv => format!("从输入看卷积：输入 {input}，输出 {output}"),
        }
    }
    fn title_matrix(&self, op: Op, rows: usize, columns: usize) -> String {
        match op {
            Op::Conv => format!("用等效矩阵看卷积：O = I C，C 是 {rows}×{columns}"),
            Op::ConvTranspose => format!("用等效矩阵看转置卷积：P = O Cᵀ，Cᵀ 是 {columns}×{rows}"),
        }
    }
    fn title_side_by_side(&self) -> String {
        "同样参数的卷积与转置卷积".into()
    }
    fn title_gradient(&self, op: Op) -> String {
        format!("{}的梯度", name(op))
    }
    fn title_overlap(&self) -> String {
        "重叠：均匀的输入还会均匀吗？".into()
    }
    fn title_reach(&self) -> String {
        "感受野：一个输出由哪些输入得来".into()
    }

    fn steps_start(&self, op: Op, input: &str, kernel: &str, output: &str) -> String {
        match op {
            Op::ConvTranspose => format!(
                "输入 {input}，卷积核 {kernel}，分四步得到 {output} 的输出：插零、填充、翻转卷积核、滑动。"
            ),
            Op::Conv => format!(
                "卷积把 {kernel} 的卷积核逐个窗口地放到 {input} 的输入上，得到 {output} 的输出。"
            ),
        }
    }
    fn insert(&self, stride: &[usize], from: &str, to: &str) -> String {
        if stride.iter().all(|&s| s == 1) {
            return "第一步，插零：步幅为 1，元素之间不插零。".into();
        }
        let less: Vec<usize> = stride.iter().map(|s| s - 1).collect();
        format!(
            "第一步，插零：步幅 {}，相邻元素之间插 {} 个零，{from} 变成 {to}。",
            agreed(stride),
            agreed(&less)
        )
    }
    fn pad(&self, pads: &Pads<'_>) -> String {
        let mut text = match (pads.op, pads.uniform()) {
            (Op::Conv, Some((0, ..))) => "填充：填充为 0，输入不变。".to_string(),
            (Op::Conv, Some((n, ..))) if n > 0 => format!("填充：四周各补 {n} 圈零。"),
            (Op::Conv, _) => {
                format!(
                    "填充：各轴前/后补零的个数是 {}，负数表示裁掉。",
                    pairs(pads.zeros)
                )
            }
            (Op::ConvTranspose, Some((n, reach, p))) if n >= 0 && p >= 0 => format!(
                "第二步，填充：四周各补 d·(k−1) − p = {reach} − {p} = {n} 圈零；层的填充 p 越大，这里补的零越少。"
            ),
            (Op::ConvTranspose, _) => format!(
                "第二步，填充：d·(k−1) 减去裁剪量，前/后各补 {} 个零，负数表示裁掉。",
                pairs(pads.zeros)
            ),
        };
        if pads.extra.iter().any(|&n| n > 0) {
            text = text.trim_end_matches('。').to_string();
            let _ = write!(text, "；输出填充只在末端再多补 {}。", agreed(pads.extra));
        }
        text
    }
    fn flip(&self, dims: usize, first: &str, last: &str) -> String {
        let how = if dims == 1 {
            "把卷积核左右翻转"
        } else {
            "把卷积核上下左右翻转（旋转 180°）"
        };
        format!("第三步，翻转：{how}，于是从 {last} 开始，到 {first} 结束。")
    }
    fn slide(&self, op: Op, at: &str, products: usize, sum: &str, bias: bool) -> String {
        let step = match op {
            Op::ConvTranspose => "第四步，以步幅 1 滑动：",
            Op::Conv => "滑动：",
        };
        if products == 0 {
            let rest = if bias { "只剩偏置" } else { "和为零" };
            return format!("{step}y[{at}] 的窗口里没有输入元素，{rest}，得 {sum}。");
        }
        let bias = if bias { "，再加偏置" } else { "" };
        format!("{step}y[{at}] 的窗口里有 {products} 个输入元素，乘积相加{bias}，得 {sum}。")
    }

    fn scatter_start(&self, op: Op) -> String {
        match op {
            Op::ConvTranspose => {
                "每个输入元素乘上整个卷积核，像印章一样盖到输出上，重叠处相加。".into()
            }
            Op::Conv => "每个输入元素把自己的乘积加到所有窗口覆盖它的输出上。".into(),
        }
    }
    fn scatter_stamp(&self, at: &str, x: &str, from: &str, stride: &[usize]) -> String {
        format!(
            "x[{at}] = {x}：把 {x} 倍的卷积核盖在从 [{from}] 开始的位置（下标乘步幅 {}）。",
            agreed(stride)
        )
    }
    fn scatter_conv(&self, at: &str, x: &str) -> String {
        format!("x[{at}] = {x}：把 {x}·w 加到窗口覆盖它的那些输出上。")
    }
    fn scatter_crop(
        &self,
        op: Op,
        crops: &[[isize; 2]],
        extra: &[usize],
        output: &str,
        bias: bool,
    ) -> String {
        let bias = if bias { "，再加偏置" } else { "" };
        if op == Op::Conv {
            return format!("所有输入元素都用过了{bias}，得到 {output} 的输出。");
        }
        if crops.iter().all(|crop| *crop == [0, 0]) {
            return format!("填充为 0，什么也不裁{bias}，得到 {output} 的输出。");
        }
        if extra.iter().any(|&n| n > 0) {
            return format!(
                "前/后裁掉 {}{bias}，剩下 {output}；输出填充 {} 只是少裁一些，多出来的格子里是真实的和，不是零。",
                pairs(crops),
                agreed(extra)
            );
        }
        if crops.iter().flatten().any(|&n| n < 0) {
            return format!(
                "前/后裁剪 {}{bias}；负的裁剪把 {output} 的输出加长，多出的格子没有印章到达。",
                pairs(crops)
            );
        }
        match sides(crops) {
            Some(p) => format!("填充 {p} 就是四周各裁掉 {p} 圈{bias}，剩下 {output} 的输出。"),
            None => format!(
                "各轴前/后裁掉 {}{bias}，剩下 {output} 的输出。",
                pairs(crops)
            ),
        }
    }

    fn matrix_row(&self, row: usize, at: &str) -> String {
        format!("Cᵀ 的第 {row} 行就是 x[{at}] 盖的印章：折回输出的形状，正是没有翻转的卷积核。")
    }
    fn matrix_column(&self, op: Op, column: usize, at: &str) -> String {
        match op {
            Op::Conv => format!(
                "C 的第 {column} 列折回输入的形状，就是放在窗口 [{at}] 上的卷积核；与 I 相乘得到一个输出。"
            ),
            Op::ConvTranspose => format!(
                "Cᵀ 的第 {column} 列折回输入的形状，就是翻转后的卷积核；与 O 相乘得到 y[{at}]。"
            ),
        }
    }
    fn matrix_back(&self, small: &str, large: &str) -> String {
        format!("P = O Cᵀ 把 {small} 变回 {large}：形状与 I 相同，数值却不同，Cᵀ 不是 C 的逆矩阵。")
    }

    fn side_by_side(&self, op: Op, at: &str) -> String {
        match op {
            Op::Conv => {
                format!("卷积把一个窗口汇总成 y[{at}]；转置卷积把同一个格子散布回同一个窗口。")
            }
            Op::ConvTranspose => {
                format!("转置卷积把 x[{at}] 散布到一个窗口；卷积把同一个窗口汇总回同一个格子。")
            }
        }
    }
    fn not_an_inverse(&self, same: bool) -> String {
        if same {
            "一去一回：形状还原，对这组数值连数也还原了；一般情况下并不会。".into()
        } else {
            "一去一回：形状还原，数值不还原；转置卷积不是卷积的逆运算。".into()
        }
    }

    fn gradient_input(&self, op: Op, at: &str) -> String {
        match op {
            Op::ConvTranspose => {
                format!("dL/dx[{at}]：输入的梯度就是拿 dL/dy 与没有翻转的卷积核做普通卷积。")
            }
            Op::Conv => format!("dL/dx[{at}]：输入的梯度就是拿 dL/dy 与卷积核做转置卷积。"),
        }
    }
    fn gradient_tap(&self, letter: &str) -> String {
        format!("dL/d{letter}：凡是用到权重 {letter} 的乘积，都贡献其 x 乘以它到达的 dL/dy。")
    }
    fn gradient_bias(&self, channel: usize) -> String {
        format!("dL/db[{channel}]：偏置加到了该通道的每个输出上，所以它的梯度就是 dL/dy 的总和。")
    }

    fn phase(&self, op: Op, phase: &str, taps: usize, sum: &str) -> String {
        match (op, taps) {
            (_, 0) => format!("相位 [{phase}] 的输出没有任何权重到达，只有偏置。"),
            (Op::Conv, _) => format!("每个输出都是同样 {taps} 个权重之和：全 1 输入得 {sum}。"),
            _ => format!(
                "相位 [{phase}]（下标除以步幅的余数）的输出用到 {taps} 个权重：远离边缘处，全 1 输入得 {sum}。"
            ),
        }
    }
    fn verdict_lines(&self, verdict: &Verdict) -> [(bool, String); 3] {
        [
            (
                verdict.holes == 0,
                match verdict.holes {
                    0 => "没有空洞".into(),
                    n => format!("有 {n} 个空相位"),
                },
            ),
            (
                verdict.even,
                if verdict.even {
                    "重叠均匀"
                } else {
                    "重叠不均"
                }
                .into(),
            ),
            (
                verdict.balanced,
                if verdict.balanced {
                    "相位平衡"
                } else {
                    "相位不平衡"
                }
                .into(),
            ),
        ]
    }
    fn verdict(&self, op: Op, verdict: &Verdict, phases: usize) -> String {
        if op == Op::Conv {
            return "卷积只有一个相位：远离边缘处，每个输出都是全部权重之和。".into();
        }
        if verdict.holes > 0 {
            return format!(
                "{phases} 个相位中有 {} 个没有权重：那些输出不管输入是什么，都只有偏置。",
                verdict.holes
            );
        }
        match (verdict.even, verdict.balanced) {
            (true, true) => "重叠均匀，各相位的和也相等：均匀的输入仍然均匀，没有棋盘效应。".into(),
            (false, true) => "重叠不均，但各相位的和相等：用这组权重，均匀的输入仍然均匀。".into(),
            (true, false) => "重叠均匀，但各相位的和不等：这组权重仍会产生棋盘效应。".into(),
            (false, false) => "重叠不均，各相位的和也不等：均匀的输入会变成棋盘。".into(),
        }
    }

    fn reach_output(&self, at: &str, inputs: usize) -> String {
        match inputs {
            0 => format!("没有输入到达 y[{at}]：那里只有偏置。"),
            n => format!("y[{at}] 由 {n} 个输入元素得来。"),
        }
    }
    fn reach_input(&self, at: &str, outputs: usize) -> String {
        match outputs {
            0 => format!("x[{at}] 到达不了任何输出：它的乘积全被裁掉了。"),
            n => format!("x[{at}] 影响 {n} 个输出元素。"),
        }
    }
    fn reach_stack(&self, cell: usize, layers: usize, inputs: usize) -> String {
        format!("叠 {layers} 层之后，第 {cell} 个元素沿这个轴由 {inputs} 个输入元素得来。")
    }

    fn inspected(&self, said: &Said<'_>) -> String {
        match said {
            Said::Output(at, products, value) => {
                format!("y[{at}] = {value}，是 {products} 个乘积之和。")
            }
            Said::Input(at, outputs) => format!("x[{at}] 参与 {outputs} 个乘积。"),
            Said::Tap(letter, uses) => format!("权重 {letter} 参与 {uses} 个乘积。"),
            Said::Inserted => "步幅插入的零：不参与任何乘积。".into(),
            Said::Padding => "填充的零：不参与任何乘积。".into(),
            Said::OutputPadding => "输出填充在末端补的零；对应的输出仍是真实乘积之和。".into(),
            Said::Cut => "填充超过卷积核的伸展范围，这里被裁掉了。".into(),
            Said::Entry(row, column, letter) => {
                format!("矩阵第 {row} 行第 {column} 列是权重 {letter}。")
            }
            Said::Hole(row, column) => {
                format!("矩阵第 {row} 行第 {column} 列是空的：这一对从不相遇。")
            }
            Said::Gradient(name, products, value) => {
                format!("{name} = {value}，是 {products} 个乘积之和。")
            }
            Said::Arriving(at) => format!("dL/dy[{at}] 是从后面的层传来的。"),
        }
    }
}
