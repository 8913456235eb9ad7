//! A layer as an ONNX model of one node, written in the bytes of a protocol buffer.
//!
//! A message is a row of fields: a key (the field's number, and 0 for an integer or 2 for bytes), then the value; what has
//! a variable length stands behind its length. The numbers are those of ONNX's own `onnx.proto`.

use convt_geometry::Problem;

const FLOAT: u64 = 1;
const ATTRIBUTE_INT: u64 = 2;
const ATTRIBUTE_INTS: u64 = 7;

/// The fields of one message.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn int(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }
}

/// The model, with its weight and bias inside.
pub(super) fn model(
    problem: &Problem,
    output: &[usize],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<u8> {
    let mut graph = Message::default()
        .message(1, &node(problem))
        .text(2, "layer")
        .message(5, &tensor("w", &problem.weight_shape(), weight));
    if let Some(bias) = bias {
        graph = graph.message(5, &tensor("b", &[bias.len()], bias));
    }
    let graph = graph
        .message(11, &value("x", &problem.input_shape()))
        .message(12, &value("y", output));
    let operators = Message::default().text(1, "").int(2, 17);
    let ir_version = 8;
    Message::default()
        .int(1, ir_version)
        .message(7, &graph)
        .message(8, &operators)
        .0
}

fn node(problem: &Problem) -> Message {
    let mut node = Message::default().text(1, "x").text(1, "w");
    if problem.bias {
        node = node.text(1, "b");
    }
    let axes = &problem.axes;
    let list = |of: fn(&convt_geometry::ProblemAxis) -> usize| axes.iter().map(of).collect();
    let mut pads: Vec<usize> = list(|axis| match axis.padding {
        convt_geometry::Padding::Both(padding) => padding,
        _ => 0,
    });
    pads.extend(pads.clone());
    node.text(2, "y")
        .text(4, "ConvTranspose")
        .message(5, &ints("kernel_shape", list(|axis| axis.kernel)))
        .message(5, &ints("strides", list(|axis| axis.stride)))
        .message(5, &ints("pads", pads))
        .message(5, &ints("output_padding", list(|axis| axis.output_padding)))
        .message(5, &ints("dilations", list(|axis| axis.dilation)))
        .message(
            5,
            &Message::default()
                .text(1, "group")
                .int(3, problem.groups as u64)
                .int(20, ATTRIBUTE_INT),
        )
}

fn ints(name: &str, values: Vec<usize>) -> Message {
    values
        .into_iter()
        .fold(Message::default().text(1, name), |attribute, value| {
            attribute.int(8, value as u64)
        })
        .int(20, ATTRIBUTE_INTS)
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Message {
    let raw: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    shape
        .iter()
        .fold(Message::default(), |tensor, &size| {
            tensor.int(1, size as u64)
        })
        .int(2, FLOAT)
        .text(8, name)
        .bytes(9, &raw)
}

fn value(name: &str, shape: &[usize]) -> Message {
    let shape = shape.iter().fold(Message::default(), |shape, &size| {
        shape.message(1, &Message::default().int(1, size as u64))
    });
    let tensor = Message::default().int(1, FLOAT).message(2, &shape);
    Message::default()
        .text(1, name)
        .message(2, &Message::default().message(1, &tensor))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a message: number, and the integer or the bytes.
    fn fields(mut bytes: &[u8]) -> Vec<(u64, Result<u64, Vec<u8>>)> {
        fn varint(bytes: &mut &[u8]) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = bytes[0];
                *bytes = &bytes[1..];
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        }
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let number = varint(&mut bytes);
            if key.is_multiple_of(8) {
                found.push((key >> 3, Ok(number)));
            } else {
                let (value, rest) = bytes.split_at(number as usize);
                found.push((key >> 3, Err(value.to_vec())));
                bytes = rest;
            }
        }
        found
    }

    fn only(message: &[u8], field: u64) -> Vec<Vec<u8>> {
        fields(message)
            .into_iter()
            .filter(|(number, _)| *number == field)
            .filter_map(|(_, value)| value.err())
            .collect()
    }

    #[test]
    fn the_model_reads_back_as_it_was_meant() {
        let line = "conv_transpose2d n2 c300-4 i5x6 k3x2 s2 p1x0 op1 d1 g2";
        let problem: Problem = line.parse().unwrap();
        let weight: Vec<f32> = (0..300 * 2 * 6).map(|i| i as f32).collect();
        let output = problem.output_shape().unwrap();
        let model = model(&problem, &output, &weight, Some(&[1.0, 2.0, 3.0, 4.0]));
        let graph = only(&model, 7).remove(0);
        let node = only(&graph, 1).remove(0);
        assert_eq!(only(&node, 1), [b"x", b"w", b"b"]);
        let pads = only(&node, 5)
            .into_iter()
            .find(|attribute| only(attribute, 1) == [b"pads"])
            .unwrap();
        let pads: Vec<u64> = fields(&pads)
            .into_iter()
            .filter(|(number, _)| *number == 8)
            .filter_map(|(_, value)| value.ok())
            .collect();
        assert_eq!(pads, [1, 0, 1, 0]);
        let tensors = only(&graph, 5);
        let shape: Vec<_> = fields(&tensors[0])
            .into_iter()
            .filter(|(number, _)| *number == 1)
            .collect();
        assert_eq!(shape, [(1, Ok(300)), (1, Ok(2)), (1, Ok(3)), (1, Ok(2))]);
        let raw = only(&tensors[0], 9).remove(0);
        assert_eq!(raw.len(), weight.len() * 4);
        assert_eq!(raw[4..8], 1.0_f32.to_le_bytes());
        assert_eq!(tensors.len(), 2);
        assert_eq!(only(&graph, 12).len(), 1);
    }
}
