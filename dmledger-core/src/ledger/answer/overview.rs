//! "Who has access to what of mine": all grants of several accounts with everything that decides whether they serve, in
//! one answer whose completeness an offline verifier checks.

use super::{AccountGrants, AnswerError, complete};
use crate::{
    account::Account,
    codec::Canonical,
    consent::{
        GrantId, GrantRecord,
        grant::{Audience, Effect, Origin},
    },
    decide::{Reason, unfit},
    envelope::{AccountId, ChainId},
    hash::Digest,
    identity::{Member, MemberId},
    state::{
        CompleteList,
        tables::{Places, Proved},
    },
    time::Moment,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use borsh::{BorshDeserialize, BorshSerialize};

/// All members ever admitted, in the order of their admission.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AllMembers {
    list: Proved<CompleteList>,
    members: Vec<Proved<Member>>,
}

impl AllMembers {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(list: Proved<CompleteList>, members: Vec<Proved<Member>>) -> Self {
        Self { list, members }
    }

    /// The members, once shown to be all under `root`.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out.
    pub fn verify(&self, root: &Digest, chain: ChainId) -> Result<Vec<&Member>, AnswerError> {
        let places = Places::new(chain);
        let members = proved_members(&self.members, root, &places)?;
        let names: Vec<_> = members.iter().map(|member| member.id().digest()).collect();
        complete(&self.list, root, &places.members(), &names)?;
        Ok(members)
    }
}

impl Canonical for AllMembers {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

fn proved_members<'a>(
    members: &'a [Proved<Member>],
    root: &Digest,
    places: &Places,
) -> Result<Vec<&'a Member>, AnswerError> {
    let verify = |proved: &'a Proved<Member>| {
        let id = proved.value().ok_or(AnswerError::Missing)?.id();
        proved.verify(root, &places.member(&id))?.ok_or(AnswerError::Missing)
    };
    members.iter().map(verify).collect()
}

/// One account's part of an overview.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccountOverview {
    account: Proved<Account>,
    grants: AccountGrants,
}

impl AccountOverview {
    /// Puts the part together.
    #[must_use]
    pub const fn new(account: Proved<Account>, grants: AccountGrants) -> Self {
        Self { account, grants }
    }
}

/// Everybody who has, had or will have access to any of several accounts.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Overview {
    accounts: Vec<AccountOverview>,
    members: AllMembers,
}

/// One grant of an overview, and whether it serves.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a line of a table, for its reader")]
pub struct Holding<'a> {
    /// The account.
    pub account: AccountId,
    /// The kind of data it holds.
    pub kind: crate::record::DataKind,
    /// The grant.
    pub record: &'a GrantRecord,
    /// Why it does not serve at this moment; `None` if it does.
    pub hindrance: Option<Reason>,
    /// Who can use it at this moment: the grantee, the members of the role, or everybody; nobody while it does not
    /// serve. For a grant that denies: who is shut out.
    pub holders: Vec<MemberId>,
}

impl Holding<'_> {
    /// Whether it serves at this moment.
    #[must_use]
    pub const fn is_in_force(&self) -> bool {
        self.hindrance.is_none()
    }
}

impl Overview {
    /// Puts an answer together.
    #[must_use]
    pub const fn new(accounts: Vec<AccountOverview>, members: AllMembers) -> Self {
        Self { accounts, members }
    }

    /// Every grant of every one of `accounts`, in this order and theirs, as it stands at `at`, the height and time of
    /// the header that `root` is from.
    ///
    /// # Errors
    /// [`AnswerError`] if anything is changed, added or left out, an account included.
    pub fn verify(
        &self,
        root: &Digest,
        chain: ChainId,
        accounts: &[AccountId],
        at: Moment,
    ) -> Result<Vec<Holding<'_>>, AnswerError> {
        if self.accounts.len() != accounts.len() {
            return Err(AnswerError::OtherAccount);
        }
        let members = self.members.verify(root, chain)?;
        let members: BTreeMap<_, _> = members.into_iter().map(|member| (member.id(), member)).collect();
        let mut holdings = Vec::new();
        for (part, id) in self.accounts.iter().zip(accounts) {
            let key = Places::new(chain).account(id);
            let account = part.account.verify(root, &key)?.ok_or(AnswerError::Missing)?;
            let records = part.grants.verify(root, chain, id)?;
            let by_name: BTreeMap<_, _> = records.iter().map(|record| (record.grant().id, *record)).collect();
            for record in records {
                let hindrance = hindrance(record, &by_name, &members, at);
                let holders = match hindrance {
                    None => holders(&record.grant().audience, &members, at),
                    Some(_) => Vec::new(),
                };
                holdings.push(Holding { account: *id, kind: account.kind(), record, hindrance, holders });
            }
        }
        Ok(holdings)
    }

    /// Everybody to whom something of these accounts is permitted at this moment. Whether a denial shuts one of them out
    /// depends on what is asked; the table has the denials.
    #[must_use]
    pub fn who(holdings: &[Holding<'_>]) -> BTreeSet<MemberId> {
        let permits = holdings.iter().filter(|one| one.record.grant().effect == Effect::Permit);
        permits.flat_map(|one| one.holders.iter().copied()).collect()
    }
}

impl Canonical for Overview {
    const MAX_BYTES: usize = 256 * 1024 * 1024;
}

/// What keeps a grant from serving: its own standing, its grantee's, or its referrer's.
fn hindrance(
    record: &GrantRecord,
    grants: &BTreeMap<GrantId, &GrantRecord>,
    members: &BTreeMap<MemberId, &Member>,
    at: Moment,
) -> Option<Reason> {
    let unfit = |id: &MemberId| members.get(id).map_or(Some(Reason::NotAMember), |member| unfit(member, at));
    let referrer = || {
        let Origin::Referred { from, by } = record.origin() else { return None };
        let parent = grants.get(&from).and_then(|parent| Reason::of_standing(parent.standing(at)));
        let fell = parent.is_some() || !grants.contains_key(&from) || unfit(&by).is_some();
        fell.then_some(Reason::ReferralEnded { grant: from })
    };
    Reason::of_standing(record.standing(at))
        .or_else(referrer)
        .or_else(|| record.grant().audience.member().and_then(|member| unfit(&member)))
}

/// The members of an audience that are in good standing.
fn holders(audience: &Audience, members: &BTreeMap<MemberId, &Member>, at: Moment) -> Vec<MemberId> {
    let belongs = |member: &Member| Audience::of(member.id(), member.role()).contains(audience);
    let fit = members.iter().filter(|(_, member)| belongs(member) && unfit(member, at).is_none());
    fit.map(|(id, _)| *id).collect()
}
