//! What is kept beside a product: what it was made from, and by what it is recognised.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::key::StageKey;

/// Who makes a product.
#[derive(Clone, Debug, Default)]
pub struct Maker {
    /// The commit of the code, marked where it differed from the commit.
    pub commit: String,
    /// The instruction sets of this processor, and of those that made what the product is made from.
    pub instructions: BTreeSet<String>,
}

/// A product's record: a small JSON file of the same name. A product without one is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The kind of stage.
    pub stage: String,
    /// What it is, in words.
    pub what: String,
    /// Hash of settings and data.
    pub settings: String,
    /// Fingerprints of the code that made it.
    pub code: BTreeMap<String, String>,
    /// The commit of that code, marked where it differed from the commit.
    pub commit: String,
    /// The instruction sets of the processors that had part in it, those beneath it included.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub instructions: BTreeSet<String>,
    /// Extension of the product's file.
    pub extension: String,
    /// Size of the product in bytes.
    pub bytes: u64,
    /// Hash of the product and of this record.
    pub checksum: String,
}

impl Record {
    /// The record of a product with these contents.
    pub fn new(key: &StageKey, what: &str, by: &Maker, extension: &str, product: &[u8]) -> Self {
        let mut record = Self {
            stage: key.stage().into(),
            what: what.into(),
            settings: key.hash().into(),
            code: key.code().parts().clone(),
            commit: by.commit.clone(),
            instructions: by.instructions.clone(),
            extension: extension.into(),
            bytes: product.len() as u64,
            checksum: String::new(),
        };
        record.checksum = record.sum(product);
        record
    }

    /// Its file's contents.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a record has a JSON form")
    }

    /// Why `product` is not what this record is of, if it is not.
    pub fn check(&self, product: &[u8]) -> Result<(), String> {
        if product.len() as u64 != self.bytes {
            let (found, kept) = (product.len(), self.bytes);
            return Err(format!("damaged: {found} bytes where {kept} were written"));
        }
        if self.sum(product) != self.checksum {
            return Err("damaged: the checksum does not match".into());
        }
        Ok(())
    }

    fn sum(&self, product: &[u8]) -> String {
        let unsummed = Self {
            checksum: String::new(),
            ..self.clone()
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&unsummed.to_json());
        hasher.update(product);
        hasher.finalize().to_hex().to_string()
    }
}
