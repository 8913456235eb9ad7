//! Chinese (simplified): names.

use convt_geometry::Op;

use super::Names;
use super::zh::Zh;
use super::zh::name;

impl Names for Zh {
    fn input(&self) -> &'static str {
        "输入 x"
    }
    fn output(&self) -> &'static str {
        "输出 y"
    }
    fn kernel(&self) -> &'static str {
        "卷积核 w"
    }
    fn kernel_flipped(&self) -> &'static str {
        "翻转后的卷积核"
    }
    fn bias(&self) -> &'static str {
        "偏置"
    }
    fn stretched(&self) -> &'static str {
        "插零后的输入"
    }
    fn padded(&self, op: Op) -> &'static str {
        match op {
            Op::ConvTranspose => "插零并填充后的输入",
            Op::Conv => "填充后的输入",
        }
    }
    fn stamp(&self) -> &'static str {
        "印章"
    }
    fn all_stamps(&self, op: Op) -> &'static str {
        match op {
            Op::ConvTranspose => "累加结果",
            Op::Conv => "输出 y",
        }
    }
    fn gradient_of_output(&self) -> &'static str {
        "传来的 dL/dy"
    }
    fn gradient_of_input(&self) -> &'static str {
        "dL/dx"
    }
    fn gradient_of_kernel(&self) -> &'static str {
        "dL/dw"
    }
    fn counts(&self) -> &'static str {
        "重叠"
    }
    fn counts_note(&self) -> &'static str {
        "每个输出的乘积个数"
    }
    fn phase_sums(&self) -> &'static str {
        "各相位的权重和"
    }
    fn phase_sums_note(&self) -> &'static str {
        "全 1 输入得到的值"
    }
    fn conv_input(&self) -> &'static str {
        "输入 x"
    }
    fn transposed_output(&self) -> &'static str {
        "转置卷积"
    }
    fn its_output(&self) -> &'static str {
        "上一行的结果 y"
    }
    fn op_name(&self, op: Op) -> &'static str {
        name(op)
    }
    fn inserted_zero(&self) -> &'static str {
        "步幅插入的零"
    }
    fn padding_zero(&self) -> &'static str {
        "填充的零"
    }
    fn output_padding_zero(&self) -> &'static str {
        "输出填充带来的零"
    }
    fn cut_cell(&self) -> &'static str {
        "被裁掉，窗口看不到"
    }
    fn no_tap(&self) -> &'static str {
        "没有权重落在这里"
    }
    fn first_pair(&self) -> &'static str {
        "通道 0 到通道 0"
    }
    fn step_names(&self, op: Op) -> &'static [&'static str] {
        match op {
            Op::ConvTranspose => &["插零", "填充", "翻转", "滑动"],
            Op::Conv => &["填充", "滑动"],
        }
    }
    fn stack_title(&self, dims: usize) -> &'static str {
        if dims == 1 {
            "同一层叠放几次"
        } else {
            "同一层叠放几次（只看最后一个轴）"
        }
    }
    fn level(&self, level: usize) -> String {
        if level == 0 {
            "输入".into()
        } else {
            format!("第 {level} 层")
        }
    }
}
