//! YAML text to nodes.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle};

use super::{Key, Node, Origin, Path, Value};
use crate::error::Fault;

/// Deepest nesting, most nodes and most bytes of their texts: far beyond any sensible config, so that
/// a hostile file (aliases of aliases, anchors within anchors) ends in an error and not in the
/// machine's memory. Whatever is written out again for an alias, or kept for one, counts again.
const DEPTH: usize = 64;
const NODES: usize = 200_000;
const BYTES: usize = 8 << 20;
/// Longest key: every path below it repeats it.
const KEY: usize = 256;

/// Reads one YAML document.
///
/// # Errors
/// For text that is not YAML, duplicate keys, tags, several documents, and nesting without end.
pub fn parse(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        held: Size::default(),
    };
    let mut document = None;
    loop {
        let (event, origin) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            _ if document.is_some() => {
                return Err(Fault::new(origin, "a second document")
                    .expected("a single document, without `---` between"));
            }
            event => document = Some(reader.node(event, origin, 0, &Path::default())?),
        }
    }
    document.ok_or_else(|| {
        Fault::new(Origin::File { line: 1, column: 1 }, "the file is empty")
            .expected("a mapping with the key `name`")
    })
}

struct Reader<'t> {
    parser: Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, (Node, Size)>,
    /// All that was made so far.
    held: Size,
}

/// How much memory a node takes, with all below it.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Origin), Fault> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => return Ok((event, origin(&span.start))),
                Some(Err(error)) => {
                    let fault = Fault::new(
                        origin(error.marker()),
                        format!("not YAML: {}", error.info()),
                    );
                    return Err(match error.info().contains("tab") {
                        true => fault.hint("indent with spaces"),
                        false => fault,
                    });
                }
                None => return Ok((Event::StreamEnd, Origin::File { line: 1, column: 1 })),
            }
        }
    }

    fn count(&mut self, size: Size, origin: Origin) -> Result<(), Fault> {
        self.held.nodes += size.nodes;
        self.held.bytes += size.bytes;
        let found = if self.held.nodes > NODES {
            format!("more than {NODES} values")
        } else if self.held.bytes > BYTES {
            format!("more than {} MiB of text", BYTES >> 20)
        } else {
            return Ok(());
        };
        Err(Fault::new(
            origin,
            format!("{found}, with its anchors and aliases written out"),
        ))
    }

    fn count_text(&mut self, text: &str, origin: Origin) -> Result<(), Fault> {
        let bytes = text.len();
        self.count(Size { nodes: 0, bytes }, origin)
    }

    fn node(
        &mut self,
        event: Event<'t>,
        origin: Origin,
        depth: usize,
        path: &Path,
    ) -> Result<Node, Fault> {
        if depth > DEPTH {
            return Err(Fault::new(
                origin,
                format!("nested deeper than {DEPTH} levels"),
            ));
        }
        let before = self.held;
        self.count(Size { nodes: 1, bytes: 0 }, origin)?;
        let (anchor, value) = match event {
            Event::Alias(id) => {
                let Some(size) = self.anchors.get(&id).map(|(_, size)| *size) else {
                    return Err(
                        Fault::new(origin, "an alias to a value that is not complete")
                            .at(path.clone()),
                    );
                };
                self.count(size, origin)?;
                let value = self.anchors[&id].0.value.clone();
                return Ok(Node { origin, value });
            }
            Event::Scalar(_, _, _, Some(tag))
            | Event::SequenceStart(_, _, Some(tag))
            | Event::MappingStart(_, _, Some(tag)) => {
                return Err(Fault::new(origin, format!("the tag `{tag}`"))
                    .at(path.clone())
                    .expected("a plain value, without a `!` tag"));
            }
            Event::Scalar(text, style, anchor, None) => {
                self.count_text(&text, origin)?;
                (anchor, scalar(&text, style))
            }
            Event::SequenceStart(_, anchor, None) => (anchor, self.list(depth, path)?),
            Event::MappingStart(_, anchor, None) => (anchor, self.map(depth, path)?),
            // Ends of lists, mappings and documents: the parser gives them where they belong.
            _ => return Err(Fault::new(origin, "a value is missing").at(path.clone())),
        };
        let node = Node { origin, value };
        if anchor != 0 {
            let size = Size {
                nodes: self.held.nodes - before.nodes,
                bytes: self.held.bytes - before.bytes,
            };
            self.count(size, origin)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize, path: &Path) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, origin) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::List(items));
            }
            let path = path.index(items.len());
            items.push(self.node(event, origin, depth + 1, &path)?);
        }
    }

    fn map(&mut self, depth: usize, path: &Path) -> Result<Value, Fault> {
        let mut known = HashMap::new();
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, origin) = self.next()?;
            let text = match event {
                Event::MappingEnd => return Ok(Value::Map(entries)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => {
                    return Err(Fault::new(origin, "a list or mapping as a key")
                        .at(path.clone())
                        .expected("a word as the key"));
                }
            };
            if text.len() > KEY {
                return Err(Fault::new(origin, format!("a key of {} bytes", text.len()))
                    .at(path.clone())
                    .expected(format!("a word of at most {KEY}")));
            }
            self.count_text(&text, origin)?;
            let path = path.key(&text);
            if let Some(first) = known.insert(text.clone(), origin) {
                let place = match first {
                    Origin::File { line, .. } => format!(" (first in line {line})"),
                    Origin::Override(_) => String::new(),
                };
                return Err(
                    Fault::new(origin, format!("the key is written twice{place}"))
                        .at(path)
                        .expected("each key once")
                        .hint("several values of one key are a list: `key: [a, b]`"),
                );
            }
            let (event, value_origin) = self.next()?;
            let node = self.node(event, value_origin, depth + 1, &path)?;
            entries.push((Key { text, origin }, node));
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let quoted = style != ScalarStyle::Plain;
    match text {
        "" | "~" | "null" | "Null" | "NULL" if !quoted => Value::Null,
        _ => Value::Scalar {
            text: text.to_owned(),
            quoted,
        },
    }
}

fn origin(marker: &Marker) -> Origin {
    Origin::File {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}
