//! Features in tables and arrays: columns that are none, labels that skip classes, old headers.

mod support;

use std::path::Path;

use datasets::*;
use support::*;

/// A table of 40 rows, four classes, two features and what `extra` adds to each row.
fn table(header: &str, extra: impl Fn(usize) -> String) -> String {
    let row = |i: usize| {
        let wave = |a: usize| ((i * a) as f32 * 0.37).sin();
        format!("{:.4},{:.4},{}\n", wave(3), wave(5), extra(i))
    };
    format!("f0,f1,{header}\n{}", (0..40).map(row).collect::<String>())
}

fn read(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> Result<FeatureSet, String> {
    let path = put(folder, name, bytes);
    read_features(&path, None, &mut Reading::default()).map_err(|error| error.to_string())
}

#[test]
fn labels_may_be_written_as_floats() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: String| read(folder.path(), "f.csv", text);
    let plain = read(table("label", |i| (i % 4).to_string())).unwrap();
    let floats = read(table("label", |i| format!("{}.0", i % 4))).unwrap();
    assert_eq!(plain, floats);
    assert_eq!((plain.width(), plain.classes()), (2, 4));
    let error = read(table("label", |i| format!("{}.5", i % 4))).unwrap_err();
    assert!(
        error.contains("column `label`: `0.5` is no whole number"),
        "{error}"
    );
    let empty = read(table("label", |i| {
        if i == 6 { String::new() } else { "1".into() }
    }));
    assert!(
        empty
            .unwrap_err()
            .contains("row 7: column `label` is empty")
    );
}

#[test]
fn columns_that_are_no_features_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: String| read(folder.path(), "f.csv", text).unwrap_err();
    let index = |i: usize| format!("{},{i}", i % 4);
    let unnamed = read(table("label,", index));
    assert!(
        unnamed.contains("column 4 of 4 (``) has no name"),
        "{unnamed}"
    );
    assert!(unnamed.contains("index=False"), "{unnamed}");
    assert!(read(table("label,Unnamed: 0", index)).contains("`Unnamed: 0`"));
    let named = read(table("label,id", index));
    assert!(named.contains("column `id`: counts the rows"), "{named}");
    let from_one = read(table("label,id", |i| format!("{},{}", i % 4, i + 1)));
    assert!(from_one.contains("counts the rows"), "{from_one}");
    let twice = |i: usize| format!("{},{}", i % 4, i % 4);
    let second = read(table("label,Label", twice));
    assert!(
        second.contains("columns 3 and 4 are both called `Label`"),
        "{second}"
    );
    let hidden = read(table("label,target", twice));
    assert!(
        hidden.contains("column `target`: repeats the labels"),
        "{hidden}"
    );
}

#[test]
fn labels_that_skip_a_class_are_refused_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: String| read(folder.path(), "f.csv", text).unwrap_err();
    let one_based = read(table("label", |i| (i % 4 + 1).to_string()));
    assert!(
        one_based.contains("run from 1 to 4, but no row has label 0\n"),
        "{one_based}"
    );
    let gap = read(table("label", |i| [0, 1, 5, 6][i % 4].to_string()));
    assert!(gap.contains("no row has label 2, 3, 4\n"), "{gap}");
    let wide = read(table("label", |i| [0, 100][i % 2].to_string()));
    assert!(
        wide.contains("1, 2, 3, 4, 5, 6, 7, 8 and 91 more"),
        "{wide}"
    );
}

#[test]
fn constant_features_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..40).map(|i| format!("1,1,{}\n", i % 4)).collect();
    let constant = read(folder.path(), "f.csv", format!("a,b,label\n{rows}"));
    let constant = constant.unwrap_err();
    assert!(
        constant.contains("each of the 2 columns is constant"),
        "{constant}"
    );
    // One constant column among others is a feature that never fires.
    let rows: String = (0..40)
        .map(|i| format!("1,{}.5,{}\n", i * i, i % 4))
        .collect();
    read(folder.path(), "f.csv", format!("a,b,label\n{rows}")).unwrap();
}

/// An `.npy` of 4 x 2 floats under this header.
fn npy(header: &str) -> Vec<u8> {
    let values: Vec<u8> = (0..8).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let length = (header.len() as u16).to_le_bytes();
    [
        &b"\x93NUMPY\x01\x00"[..],
        &length,
        header.as_bytes(),
        &values,
    ]
    .concat()
}

#[test]
fn headers_of_python_2_and_of_other_writers() {
    let folder = tempfile::tempdir().unwrap();
    let labels = ndarray::arr1(&[0_i64, 1, 0, 1]);
    ndarray_npy::write_npy(folder.path().join("f-labels.npy"), &labels).unwrap();
    let read = |header: &str| read(folder.path(), "f.npy", npy(header));
    let plain = read("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2), }\n").unwrap();
    assert_eq!(plain.row(2), [4.0, 5.0]);
    for same in [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4L, 2L), }\n",
        "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (4, 2), }\n",
        "{'shape': (4, 2), 'fortran_order': False, 'descr': '<f4'}\n",
        "{'descr':'<f4','fortran_order':False,'shape':(4,2)}",
    ] {
        assert_eq!(read(same).as_ref(), Ok(&plain), "{same}");
    }
    let columns = read("{'descr': '<f4', 'fortran_order': True, 'shape': (4, 2), }\n");
    assert!(columns.unwrap_err().contains("ascontiguousarray"));
    for broken in [
        "(4M, 2)",
        "(4, -2)",
        "4, 2",
        "(99999999999999999999, 2)",
        "(4.0, 2)",
    ] {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {broken}, }}\n");
        assert!(read(&header).unwrap_err().contains("shape"), "{broken}");
    }
}
