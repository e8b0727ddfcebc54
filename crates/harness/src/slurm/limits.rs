//! What a job is allowed.

use std::fmt;
use std::str::FromStr;

/// What each job is allowed; what is not said is the cluster's to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Processors.
    pub cpus: u16,
    /// Time.
    pub time: Option<WallTime>,
    /// Memory.
    pub memory: Option<Memory>,
    /// Partition.
    pub partition: Option<String>,
    /// Features that its node must have.
    pub constraint: Option<String>,
}

impl Limits {
    /// Options of `sbatch`.
    pub fn options(&self) -> Vec<String> {
        let mut options = vec![format!("--cpus-per-task={}", self.cpus)];
        options.extend(self.time.iter().map(|time| format!("--time={time}")));
        options.extend(self.memory.iter().map(|memory| format!("--mem={memory}")));
        let partition = self.partition.iter();
        options.extend(partition.map(|name| format!("--partition={name}")));
        let constraint = self.constraint.iter();
        options.extend(constraint.map(|feature| format!("--constraint=\"{feature}\"")));
        options
    }
}

/// A time limit in one of the forms of `sbatch --time`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallTime(String);

impl FromStr for WallTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (days, rest) = match text.split_once('-') {
            Some((days, rest)) => (Some(days), rest),
            None => (None, text),
        };
        let parts: Vec<&str> = days.into_iter().chain(rest.split(':')).collect();
        let numbers: Option<Vec<u32>> = parts.iter().map(|part| number(part)).collect();
        match numbers {
            Some(numbers) if parts.len() <= 3 + usize::from(days.is_some()) => {
                // Slurm takes no time at all for no limit at all.
                if numbers.iter().all(|&number| number == 0) {
                    return Err("expected more than no time".into());
                }
                Ok(Self(text.to_owned()))
            }
            _ => Err("expected a time such as 30 (minutes), 2:00:00 or 1-12 (days-hours)".into()),
        }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An amount of memory in one of the forms of `sbatch --mem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory(String);

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let amount = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
        match number(amount) {
            // Slurm takes 0 for all the memory of a node.
            Some(1..) => Ok(Self(text.to_owned())),
            _ => Err("expected an amount of memory such as 4000 (megabytes) or 4G".into()),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Digits alone: a sign is none.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_read_as_slurm_writes_them() {
        for time in [
            "30",
            "30:00",
            "2:00:00",
            "1-0",
            "1-12",
            "1-12:30",
            "1-12:30:15",
        ] {
            assert_eq!(time.parse::<WallTime>().unwrap().to_string(), time);
        }
        for time in [
            "",
            "-1",
            "0",
            "0:00",
            "1h",
            "1:2:3:4",
            "1-1:2:3:4",
            "1--2",
            "+3",
            "1:",
        ] {
            assert!(time.parse::<WallTime>().is_err(), "{time}");
        }
        for memory in ["4000", "4G", "512M", "1T", "100000K"] {
            assert_eq!(memory.parse::<Memory>().unwrap().to_string(), memory);
        }
        for memory in ["", "0", "0G", "G", "4g", "4GB", "-4", "4.5G", "4 G"] {
            assert!(memory.parse::<Memory>().is_err(), "{memory}");
        }
    }
}
