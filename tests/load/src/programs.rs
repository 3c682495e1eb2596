//! A server's programs in a folder of their own, so that the one which an upgrade would take can be replaced by one that refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::error::{During as _, Error, Result};
use crate::target::Server;

/// How a new program is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Refusal {
    /// It cannot be executed.
    CannotStart,
    /// It ends without a word, and not well.
    Fails,
    /// The program itself, told of a state that it does not understand.
    Misunderstands,
    /// It says nothing, and does not end.
    Hangs,
}

impl Refusal {
    /// The file that stands where the program was; `real`: where that lies now.
    fn text(self, real: &Path) -> String {
        let real = real.display();
        match self {
            Refusal::CannotStart => "#!/nowhere/ewsd\n".to_owned(),
            Refusal::Fails => "#!/bin/sh\nexit 3\n".to_owned(),
            Refusal::Misunderstands => {
                format!("#!/bin/sh\n{{ printf 'a state of another kind'; cat; }} | '{real}' \"$@\"\n")
            }
            Refusal::Hangs => "#!/bin/sh\nexec sleep 600\n".to_owned(),
        }
    }
}

/// Those that a server needs.
const NAMES: [&str; 3] = ["ewsctl", "ewsd", "ewsd-worker"];

/// The folder; it goes with this.
#[derive(Debug)]
pub struct Programs(PathBuf);

impl Programs {
    /// Copies those that a server would be started with.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn copy(server: &Server) -> Result<Programs> {
        let ewsctl = match &server.ewsctl {
            Some(file) => file.clone(),
            None => std::env::current_exe()?.with_file_name("ewsctl"),
        };
        // Workers run as another user, who must be able to enter.
        let folder = std::env::temp_dir().join(format!("ewsload-{}-programs", std::process::id()));
        fs::create_dir_all(&folder).during(folder.display())?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).during(folder.display())?;
        let programs = Programs(folder);
        for name in NAMES {
            let from = ewsctl.with_file_name(name);
            fs::copy(&from, programs.0.join(name)).during(from.display())?;
        }
        Ok(programs)
    }

    pub fn ewsctl(&self) -> PathBuf {
        self.0.join("ewsctl")
    }

    /// Puts one that refuses into the place of the server's program, as a package would: the running one's file is not touched.
    pub fn replace(&self, refusal: Refusal) -> Result {
        let (place, real, beside) = (self.0.join("ewsd"), self.0.join("ewsd.real"), self.0.join("ewsd.new"));
        fs::hard_link(&place, &real).during(real.display())?;
        fs::write(&beside, refusal.text(&real)).during(beside.display())?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o755)).during(beside.display())?;
        fs::rename(&beside, &place).during(place.display())
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("ewsload: {}: {error}", self.0.display());
        }
    }
}

/// What the old program said of an upgrade that it refused, as an administrator was told.
///
/// # Errors
/// It was not refused.
pub fn refused(outcome: Result<String>) -> Result<String> {
    match outcome {
        Err(why) => Ok(why.to_string()),
        Ok(said) => Err(Error::new(format!("the new program is of no use, and was taken: {}", said.trim()))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::process::Command;

    use super::{Programs, Refusal, refused};
    use crate::error::Error;

    #[test]
    fn the_program_in_its_place_is_of_no_use_and_the_real_one_lies_beside() {
        for refusal in [Refusal::CannotStart, Refusal::Fails, Refusal::Misunderstands] {
            let folder = std::env::temp_dir().join(format!("ewsload-{}-{refusal:?}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            let programs = Programs(folder);
            fs::copy("/bin/cat", programs.0.join("ewsd")).unwrap();
            programs.replace(refusal).unwrap();
            let output = Command::new(programs.0.join("ewsd")).stdin(fs::File::open("/dev/null").unwrap()).output();
            match refusal {
                Refusal::CannotStart => assert!(output.is_err()),
                Refusal::Misunderstands => assert_eq!(output.unwrap().stdout, b"a state of another kind"),
                _ => assert_eq!(output.unwrap().status.code(), Some(3)),
            }
            assert!(programs.0.join("ewsd.real").is_file());
        }
    }

    #[test]
    fn an_upgrade_that_is_taken_is_no_refusal() {
        assert_eq!(refused(Err(Error::new("why"))).unwrap(), "why");
        assert!(refused(Ok("upgraded\n".to_owned())).unwrap_err().to_string().contains("upgraded"));
    }
}
