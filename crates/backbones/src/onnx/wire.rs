//! Whether the lengths in an ONNX file can be: the parser makes room for what a length says before it
//! reads, and a process that asks for more memory than there is ends without an error.

/// Messages within messages, at most.
const DEEPEST: usize = 64;

/// The messages of `onnx.proto` that the parser reads.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Sequence,
    /// One that holds no other.
    Flat,
}

impl Message {
    /// What field number `field` of this message is, if it is a message that the parser reads.
    fn field(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6) => Self::Graph,
            (Self::Model, 8) | (Self::Tensor, 13) | (Self::Shape, 1) => Self::Flat,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5) => Self::Tensor,
            (Self::Graph, 11..=13) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::ValueInfo, 2) | (Self::Sequence, 1) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::Type, 4) => Self::Sequence,
            (Self::TensorType, 2) => Self::Shape,
            _ => return None,
        })
    }
}

/// Errors where a length is larger than what is left, or what is there is no protocol buffer.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    whole(bytes, Message::Model, DEEPEST)
}

fn whole(mut bytes: &[u8], message: Message, deeper: usize) -> Result<(), String> {
    if deeper == 0 {
        return Err(format!("messages lie more than {DEEPEST} deep"));
    }
    while !bytes.is_empty() {
        let key = number(&mut bytes)?;
        let length = match key & 7 {
            0 => {
                number(&mut bytes)?;
                continue;
            }
            1 => 8,
            2 => number(&mut bytes)?,
            5 => 4,
            other => return Err(format!("there is no wire type {other}")),
        };
        let inside = usize::try_from(length)
            .ok()
            .and_then(|length| bytes.split_at_checked(length));
        let Some((inside, rest)) = inside else {
            let left = bytes.len();
            return Err(format!("a length of {length} where {left} bytes are left"));
        };
        if let (2, Some(message)) = (key & 7, message.field(key >> 3)) {
            whole(inside, message, deeper - 1)?;
        }
        bytes = rest;
    }
    Ok(())
}

/// A number of variable length, seven bits a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for place in 0..10 {
        let (&byte, rest) = bytes.split_first().ok_or("it ends within a number")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number of more than ten bytes".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_lie_within_what_surrounds_them() {
        // A graph (field 7) with a node (1) with a name (3).
        let good = [0x3a, 6, 0x0a, 4, 0x1a, 2, b'a', b'b'];
        assert_eq!(check(&good), Ok(()));
        assert_eq!(check(&[]), Ok(()));
        for (at, value, reason) in [
            (1, 7, "a length of 7 where 6 bytes are left"),
            (3, 5, "a length of 5 where 4 bytes are left"),
            (5, 3, "a length of 3 where 2 bytes are left"),
            (5, 0x83, "a length of 12419 where 1 bytes are left"),
            (0, 0x3b, "there is no wire type 3"),
        ] {
            let mut bad = good;
            bad[at] = value;
            assert_eq!(check(&bad), Err(reason.to_owned()));
        }
        assert!(check(&[0xff; 11]).is_err());
        assert!(check(&[0x3a]).is_err());
        // A graph within an attribute of a node of a graph, on and on.
        let mut deep = Vec::new();
        for _ in 0..40 {
            for key in [0x32, 0x2a, 0x0a] {
                let mut outer = vec![key];
                let mut length = deep.len();
                while length >= 0x80 {
                    outer.push((length & 0x7f) as u8 | 0x80);
                    length >>= 7;
                }
                outer.push(length as u8);
                outer.extend(&deep);
                deep = outer;
            }
        }
        let mut model = vec![
            0x3a,
            (deep.len() & 0x7f) as u8 | 0x80,
            (deep.len() >> 7) as u8,
        ];
        model.extend(&deep);
        let error = check(&model).unwrap_err();
        assert!(error.contains("64 deep"), "{error}");
    }
}
