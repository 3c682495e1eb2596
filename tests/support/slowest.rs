//! Which tests took the longest: printed at the end, so that whoever adds one sees what it costs. Tests run beside each other.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How many are named.
const NAMED: usize = 10;

static TAKEN: Mutex<Vec<(Duration, &str)>> = Mutex::new(Vec::new());

/// Measures a test until it is dropped, however the test ends.
pub struct Clock(&'static str, Instant);

impl Clock {
    pub fn start(name: &'static str) -> Clock {
        Clock(name, Instant::now())
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Ok(mut taken) = TAKEN.lock() {
            taken.push((self.1.elapsed(), self.0));
        }
    }
}

/// One line.
pub fn print() {
    let Ok(mut taken) = TAKEN.lock() else { return };
    taken.sort_by(|a, b| b.cmp(a));
    let named: Vec<String> =
        taken.iter().take(NAMED).map(|(time, name)| format!("{name} {:.0} s", time.as_secs_f64())).collect();
    println!("slowest: {}", named.join(", "));
}
