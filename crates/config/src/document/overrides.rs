//! `--set key.path=value`.

use super::{Key, Node, Origin, Path, Segment, Value, parse};
use crate::{ConfigError, error::Fault};

/// One override of a config's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// As given: `sweep.shots=[1, 4]`.
    pub text: String,
    path: Path,
    value: Node,
}

impl Override {
    /// Reads `key.path=value`; the value is YAML, list items are `key[0]`.
    ///
    /// # Errors
    /// Without `=`, with an empty key, or where the value is not YAML.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let fail = |reason: String| ConfigError::Override {
            text: text.to_owned(),
            reason,
        };
        let (path, value) = text
            .split_once('=')
            .ok_or_else(|| fail("it has no `=`".to_owned()))?;
        let path = segments(path.trim()).map_err(fail)?;
        let value = if value.trim().is_empty() {
            Node {
                origin: Origin::Override(0),
                value: Value::Null,
            }
        } else {
            parse(value).map_err(|fault| fail(format!("its value: {fault}")))?
        };
        Ok(Self {
            text: text.to_owned(),
            path,
            value,
        })
    }

    /// Puts the value in its place; `index` says which override of the command this is.
    pub(crate) fn apply(&self, root: &mut Node, index: usize) -> Result<(), Fault> {
        let origin = Origin::Override(index);
        let mut node = root;
        for (depth, segment) in self.path.0.iter().enumerate() {
            let so_far = Path(self.path.0[..depth].to_vec());
            let found = node.describe();
            let wrong = |expected: &str| {
                Fault::new(origin, format!("the config has {found} there"))
                    .at(so_far.clone())
                    .expected(expected)
            };
            if matches!(node.value, Value::Null) && matches!(segment, Segment::Key(_)) {
                node.value = Value::Map(Vec::new());
            }
            node = match (segment, &mut node.value) {
                (Segment::Key(text), Value::Map(entries)) => {
                    let place = entries
                        .iter()
                        .position(|(key, _)| key.text == *text)
                        .unwrap_or_else(|| {
                            let key = Key {
                                text: text.clone(),
                                origin,
                            };
                            entries.push((
                                key,
                                Node {
                                    origin,
                                    value: Value::Null,
                                },
                            ));
                            entries.len() - 1
                        });
                    &mut entries[place].1
                }
                (Segment::Index(at), Value::List(items)) => {
                    let length = items.len();
                    items.get_mut(*at).ok_or_else(|| {
                        Fault::new(origin, format!("the config's list has {length} items"))
                            .at(so_far)
                            .expected(format!("an index below {length}"))
                    })?
                }
                (Segment::Key(key), _) => {
                    return Err(wrong("a mapping")
                        .hint(format!("to replace it, set `{so_far}={{ {key}: … }}`")));
                }
                (Segment::Index(_), _) => return Err(wrong("a list")),
            };
        }
        *node = self.value.clone();
        mark(node, origin);
        Ok(())
    }
}

/// `sweep.attack[1].samples` to its steps.
fn segments(text: &str) -> Result<Path, String> {
    let mut path = Path::default();
    for part in text.split('.') {
        let (key, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if key.is_empty() {
            return Err("its key path has an empty key".to_owned());
        }
        path.0.push(Segment::Key(key.trim().to_owned()));
        while let Some((index, after)) =
            rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        {
            let index = index
                .trim()
                .parse()
                .map_err(|_| format!("`[{index}]` in its key path is not an index"))?;
            path.0.push(Segment::Index(index));
            rest = after;
        }
        if !rest.is_empty() {
            return Err(format!("`{rest}` in its key path is not an index"));
        }
    }
    Ok(path)
}

fn mark(node: &mut Node, origin: Origin) {
    node.origin = origin;
    match &mut node.value {
        Value::Null | Value::Scalar { .. } => {}
        Value::List(items) => items.iter_mut().for_each(|item| mark(item, origin)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.origin = origin;
                mark(value, origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(config: &str, text: &str) -> Result<Node, Fault> {
        let mut root = parse(config)?;
        Override::parse(text)
            .map_err(|error| Fault::nowhere(error.to_string()))?
            .apply(&mut root, 0)?;
        Ok(root)
    }

    fn same(config: &str, text: &str, wanted: &str) {
        let mut got = applied(config, text).expect("applies");
        let mut wanted = parse(wanted).expect("parses");
        mark(&mut got, Origin::Override(9));
        mark(&mut wanted, Origin::Override(9));
        assert_eq!(got, wanted);
    }

    #[test]
    fn values_are_replaced_and_added() {
        same("a: { b: 1 }", "a.b=2", "a: { b: 2 }");
        same("a: { b: 1 }", "a.c=[1, x]", "a: { b: 1, c: [1, x] }");
        same("a:", "a.c.d=text", "a: { c: { d: text } }");
        same("a: [1, { b: 2 }]", "a[1].b=3", "a: [1, { b: 3 }]");
        same("a: 1", "a=", "a:");
    }

    #[test]
    fn wrong_paths_are_refused() {
        for text in ["a", "=1", "a..b=1", "a[x]=1", "a[0=1", "a=[1"] {
            assert!(Override::parse(text).is_err(), "{text}");
        }
        for text in ["a.b=1", "a[0]=1", "l[2]=1", "l.b=1"] {
            assert!(applied("a: 1\nl: [1, 2]", text).is_err(), "{text}");
        }
    }
}
