//! Mail to a group: one answer for all its members, and who of them has it already when it is sent again.

use std::collections::HashMap;

use ewsd_model::id::MailboxNo;
use ewsd_store::{Hash, Store};

use super::{DeliverError, Target};
use crate::log::note;

/// What is answered for a group: to be tried again while there is somebody who could get it then, else delivered if anybody
/// has it. A member who is full keeps nobody from it, and is not waited for.
pub(super) fn together(results: Vec<Result<(), DeliverError>>) -> Result<(), DeliverError> {
    let mut answer = Err(DeliverError::Unknown);
    for result in results {
        match (&answer, &result) {
            (_, Err(DeliverError::Busy { .. } | DeliverError::Failed)) => return result,
            (Ok(()), _) => {}
            (Err(DeliverError::Unknown), _) | (_, Ok(()) | Err(DeliverError::Full)) => answer = result,
            _ => {}
        }
    }
    answer
}

/// A message on its way to groups: what each member's mailbox notes when it has it.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    of_groups: HashMap<String, Hash>,
    of_members: HashMap<MailboxNo, Vec<Hash>>,
}

impl Deliveries {
    /// `message`: its octets as they came, without the lines that are added here. They are the same each time that it is sent.
    pub fn of(from: &str, targets: &[Vec<Target>], message: &[u8]) -> Deliveries {
        let mut deliveries = Deliveries::default();
        let mut digest = None;
        for (target, group) in targets.iter().flatten().filter_map(|one| Some((one, one.group.as_ref()?))) {
            let digest = digest.get_or_insert_with(|| Hash::of(message));
            // No address holds a NUL.
            let named = || Hash::of(&[group.as_bytes(), b"\0", from.as_bytes(), b"\0", &digest.0].concat());
            let delivery = *deliveries.of_groups.entry(group.clone()).or_insert_with(named);
            let noted = deliveries.of_members.entry(target.mailbox).or_default();
            if !noted.contains(&delivery) {
                noted.push(delivery);
            }
        }
        deliveries
    }

    /// What a mailbox notes; nothing of one that no group reaches.
    pub fn to(&self, mailbox: MailboxNo) -> &[Hash] {
        self.of_members.get(&mailbox).map_or(&[], Vec::as_slice)
    }

    /// Forgets who has it of groups whose message is not sent again: a later one may say the same.
    pub fn forget(&self, store: &mut Store, targets: &[Vec<Target>], answers: &[Result<(), DeliverError>]) {
        for (members, answer) in targets.iter().zip(answers) {
            let group = members.iter().find_map(|one| self.of_groups.get(one.group.as_ref()?));
            let (Some(delivery), Ok(())) = (group, answer) else { continue };
            let mailboxes: Vec<MailboxNo> = members.iter().map(|one| one.mailbox).collect();
            if let Err(error) = store.forget_delivered(&mailboxes, *delivery) {
                // They have it all the same; the janitor comes by.
                note!(Warn, "who has a message to a group is noted still: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::deliver::{Trace, deliver_to_each};
    use ewsd_store::testing::database;
    use ewsd_store::{Account, AccountChange, GroupMember, Limits, NewAccount};

    #[test]
    fn a_group_is_answered_as_one() {
        let answer = |results: &[Result<(), DeliverError>]| together(results.to_vec()).err();
        let (full, away) = (Err(DeliverError::Full), Err(DeliverError::Busy { retry_ms: 1 }));
        assert_eq!(answer(&[Ok(()), full, Err(DeliverError::Disabled)]), None);
        assert_eq!(answer(&[full, Ok(())]), None);
        assert_eq!(answer(&[Ok(()), away, Ok(())]), Some(DeliverError::Busy { retry_ms: 1 }));
        assert_eq!(answer(&[Err(DeliverError::Unfit), full]), Some(DeliverError::Full));
        assert_eq!(answer(&[]), Some(DeliverError::Unknown));
    }

    fn account(store: &mut Store, login: &str) -> Account {
        let addresses = vec![format!("{login}@example.test")];
        store
            .create_account(&NewAccount {
                login: login.into(),
                addresses,
                language: "en".into(),
                ..NewAccount::default()
            })
            .unwrap()
    }

    fn total(store: &mut Store, account: &Account) -> i64 {
        store.mailbox(account.mailbox).folder_by_distinguished("inbox").unwrap().total
    }

    /// One member may not be changed any more in this hour. What is sent again goes to that one alone, when it may, and what
    /// is sent later to all.
    #[test]
    fn a_message_that_is_sent_again_is_doubled_for_nobody() {
        const MESSAGE: &[u8] = b"Subject: to all\r\n\r\nx\r\n";
        let database = database();
        let mut options = database.options();
        options.limits = Limits { changes_per_hour: 3, ..Limits::default() };
        let mut store = Store::connect(&options).unwrap();
        let (busy, other) = (account(&mut store, "busy"), account(&mut store, "other"));
        store.change_account(other.account, &[AccountChange::Exempt(true)]).unwrap();
        let groups = ["all@example.test", "more@example.test"].map(|address| {
            let group = store.create_group(address, "All").unwrap().group;
            for account in [&busy, &other].map(|one| one.account) {
                store
                    .add_member(group, &GroupMember::Account { account, name: String::new(), address: String::new() })
                    .unwrap();
            }
            group
        });
        let direct = vec![Target::from(other.clone())];
        let to =
            |store: &mut Store, targets: &[Vec<Target>]| deliver_to_each(store, &Trace::default(), targets, MESSAGE);
        let members = |store: &mut Store, group| -> Vec<Target> {
            store.group_recipients(group).unwrap().into_iter().map(Target::from).collect()
        };
        let each = groups.map(|group| members(&mut store, group));
        let busy_one = vec![Target::from(busy.clone())];
        while to(&mut store, std::slice::from_ref(&busy_one)) == [Ok(())] {}
        let before = total(&mut store, &busy);
        let all = [direct, each[0].clone(), each[1].clone()];
        let answers = to(&mut store, &all);
        assert!(
            matches!(answers[..], [Ok(()), Err(DeliverError::Busy { .. }), Err(DeliverError::Busy { .. })]),
            "{answers:?}"
        );
        assert_eq!(total(&mut store, &other), 1);
        let answers = to(&mut store, &all[1..]);
        assert!(matches!(answers[..], [Err(DeliverError::Busy { .. }), Err(DeliverError::Busy { .. })]), "{answers:?}");
        assert_eq!(total(&mut store, &other), 1, "who has it is left out");
        store.change_account(busy.account, &[AccountChange::Exempt(true)]).unwrap();
        assert_eq!(to(&mut store, &all[1..]), [Ok(()), Ok(())]);
        assert_eq!((total(&mut store, &busy), total(&mut store, &other)), (before + 1, 1));
        assert_eq!(to(&mut store, &all[1..2]), [Ok(())]);
        assert_eq!((total(&mut store, &busy), total(&mut store, &other)), (before + 2, 2), "the same once more, later");
    }
}
