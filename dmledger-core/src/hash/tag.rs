//! The one table of domain tags of all crates: what is hashed or signed under one tag can never pass under another.

/// A domain tag `dmledger/<crate>/<purpose>/v1`, at most 60 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tag(&'static str);

impl Tag {
    /// The tag's text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The tag's bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'static [u8] {
        self.0.as_bytes()
    }
}

macro_rules! tags {
    ($($name:ident = $text:literal, $what:literal;)*) => {
        $(#[doc = $what] pub const $name: Tag = Tag($text);)*
        /// Every tag in use.
        pub const ALL: &[Tag] = &[$($name),*];
    };
}

tags! {
    ENVELOPE = "dmledger/core/envelope/v1", "what an endorsement signs";
    ENVELOPE_ID = "dmledger/core/envelope-id/v1", "identity of a signed thing, endorsements left out";
    ADDRESS = "dmledger/core/validator-address/v1", "address of a validator key";
    VALIDATORS = "dmledger/core/validator-set/v1", "digest of a validator set";
    VOTE = "dmledger/core/vote/v1", "what a validator signs when it votes";
    PROPOSAL = "dmledger/net/proposal/v1", "what a proposer signs";
    BLOCK = "dmledger/core/block/v1", "identity of a block: its header";
    RAW_ACTION = "dmledger/core/raw-action/v1", "digest of an action as submitted, endorsements included";
    INDEX_ENTRY = "dmledger/core/index-entry/v1", "what the author of a record signs";
    BATCH_WEIGHTS = "dmledger/core/batch-weights/v1", "seed of the weights of a signature batch";
    SEAL_DATA_KEY = "dmledger/zk/seal-data-key/v1", "data key of a record";
    SEAL_HEDGE = "dmledger/zk/seal-hedge/v1", "one-off key of a plaintext's fingerprint";
    SEAL_KEY_COMMITMENT = "dmledger/zk/seal-key-commitment/v1", "commitment to a data key";
    SEAL_VALUES = "dmledger/zk/seal-values/v1", "key of a record's value commitments";
    SEAL_VEIL = "dmledger/zk/seal-veil/v1", "pad over kind and length in a record header";
    SEAL_SALT = "dmledger/zk/seal-salt/v1", "salt of a record header";
    SEAL_HEADER = "dmledger/zk/seal-header/v1", "record header, signed by its author";
    SEAL_ACCESS = "dmledger/zk/seal-access/v1", "access part, signed for the account";
    SEAL_EPOCH_KEY = "dmledger/zk/seal-epoch-key/v1", "root of an epoch's range tree";
    SEAL_NODE = "dmledger/zk/seal-node/v1", "child of a node of the range tree";
    SEAL_LEAF = "dmledger/zk/seal-leaf/v1", "share of a record's slot key that an hour's leaf gives";
    SEAL_SLOT = "dmledger/zk/seal-slot/v1", "context of a slot";
    SEAL_SLOT_KEY = "dmledger/zk/seal-slot-key/v1", "key of a slot";
    SEAL_GATE_SEED = "dmledger/zk/seal-gate-seed/v1", "seed of a committee's keys";
    SEAL_GATE_KEY = "dmledger/zk/seal-gate-key/v1", "key of a subset of gate nodes";
    SEAL_GATE_PARTIAL = "dmledger/zk/seal-gate-partial/v1", "partial of a record's mask";
    SEAL_GATE_CHECK = "dmledger/zk/seal-gate-check/v1", "check tag of a partial";
    SEAL_ESCROW_TWEAK = "dmledger/zk/seal-escrow-tweak/v1", "what an escrow's address is made with, from the records' data keys";
    SEAL_GATE_ROW = "dmledger/zk/seal-gate-row/v1", "name of a row on a gate node's shelf";
    SEAL_CAPSULE = "dmledger/zk/seal-capsule/v1", "context of a capsule";
    SEAL_CAPSULE_SEED = "dmledger/zk/seal-capsule-seed/v1", "seed of a capsule's shares";
    SEAL_CAPSULE_SHARE = "dmledger/zk/seal-capsule-share/v1", "share of a capsule's key";
    SEAL_CAPSULE_CHECK = "dmledger/zk/seal-capsule-check/v1", "commitment to a capsule's share";
    SEAL_CAPSULE_KEY = "dmledger/zk/seal-capsule-key/v1", "key of a capsule";
    SEAL_STORE_SALT = "dmledger/zk/seal-store-salt/v1", "salt of a keystore";
    SEAL_STORE_CHECK = "dmledger/zk/seal-store-check/v1", "commitment to a keystore's key";
    SEAL_STORE_CONTEXT = "dmledger/zk/seal-store-context/v1", "what a keystore file says in clear";
    SEAL_GRANT = "dmledger/zk/seal-grant/v1", "salted digest of a grant's contents";
    SEAL_KEM_KEY = "dmledger/zk/seal-kem-key/v1", "name of a key encapsulation key";
    SEAL_WRAP = "dmledger/zk/seal-wrap/v1", "what a wrapped message is for";
    SEAL_WRAP_CONTEXT = "dmledger/zk/seal-wrap-context/v1", "whom a wrapped message is for";
    SEAL_WRAP_COINS = "dmledger/zk/seal-wrap-coins/v1", "randomness of an encapsulation";
    LAKE_PART = "dmledger/store/lake-part/v1", "check kept with a part in the lake";
    ZK_TRANSCRIPT = "dmledger/zk/transcript/v1", "first label of every proof transcript";
    ZK_BATCH_WEIGHTS = "dmledger/zk/batch-weights/v1", "seed of the weights of a batch of proofs";
    ZK_BLINDING = "dmledger/zk/blinding/v1", "blinding of a committed value, from a record's key and the value's place";
    ZK_FITS_BITS = "dmledger/zk/fits-bits/v1", "statement: values fit into a number of bits";
    ZK_IN_INTERVAL = "dmledger/zk/in-interval/v1", "statement: values lie in an interval";
    ZK_DAY_DIGEST = "dmledger/zk/day-digest/v1", "blindings of a sealed day, from its data key";
    ZK_DAY_ANCHOR = "dmledger/zk/day-anchor/v1", "under which a sealed day and its digest are anchored";
    ZK_DAY_HISTOGRAM = "dmledger/zk/day-histogram/v1", "statement: a digest is that of a sealed day";
    ZK_DAYS_CLAIM = "dmledger/zk/days-claim/v1", "statement: bounds of the readings of several days";
    ZK_LINEAR_RELATION = "dmledger/zk/linear-relation/v1", "statement: secrets satisfy linear relations";
    ZK_ANY_OF = "dmledger/zk/any-of/v1", "statement: one of several linear relations holds";
    ZK_DAYS_VARIATION = "dmledger/zk/days-variation/v1", "statement: a bound of the coefficient of variation of several days";
    ZK_ENCRYPTED_TO = "dmledger/zk/encrypted-to/v1", "statement: a committed value is encrypted to recipients";
    ZK_DELIVERY = "dmledger/zk/delivery/v1", "what a parcel delivers to whom, openings of commitments";
    ZK_PARCEL_KEY = "dmledger/zk/parcel-key/v1", "key of a parcel, and the commitment to it";
    ZK_COMPLAINT = "dmledger/zk/complaint/v1", "statement: a point shows that a parcel does not hold what it should";
    ZK_DEALING = "dmledger/zk/dealing/v1", "statement: a dealer knows the secret it shares";
    ZK_HOLDS_SHARE = "dmledger/zk/holds-share/v1", "statement: a share is that of a holder";
    ZK_PUBLIC_DEALING = "dmledger/zk/public-dealing/v1", "statement: encrypted shares lie on one polynomial";
    ZK_OPENED_SHARE = "dmledger/zk/opened-share/v1", "statement: a holder opened its encrypted share rightly";
    ZK_SHARED_KEY = "dmledger/zk/shared-key/v1", "key from an element shared in public";
    ZK_MEMBER_SET = "dmledger/zk/member-set/v1", "digest of an authorised set";
    ZK_MEMBER_SCOPE = "dmledger/zk/member-scope/v1", "digest of a scope in which a member has one mark";
    ZK_MEMBER_SCOPE_BASE = "dmledger/zk/member-scope-base/v1", "base of the marks of a scope";
    ZK_MEMBERSHIP = "dmledger/zk/membership/v1", "statement: somebody is a member of an authorised set";
    ZK_READING_G = "dmledger/zk/reading-g/v1", "left generators of the readings of a day";
    ZK_READING_H = "dmledger/zk/reading-h/v1", "right generators of the readings of a day";
    ZK_TABLE_G = "dmledger/zk/table-g/v1", "left generators of the table of a day";
    ZK_TABLE_H = "dmledger/zk/table-h/v1", "right generators of the table of a day";
    ZK_PADDING_G = "dmledger/zk/padding-g/v1", "left generators of coordinates that fill a vector up";
    ZK_PADDING_H = "dmledger/zk/padding-h/v1", "right generators of coordinates that fill a vector up";
    ZK_MEMBER_G = "dmledger/zk/member-g/v1", "generators of the bits of a place in a set";
    ZK_MEMBER_H = "dmledger/zk/member-h/v1", "generators of the products of such bits with their complements";
    ZK_BBS_HEADER = "dmledger/zk/bbs-header/v1", "header of credentials: ledger and kind";
    ZK_BBS_PRESENTED = "dmledger/zk/bbs-presented/v1", "statement: somebody holds a credential with these attributes";
    ZK_READING_ENCRYPTED = "dmledger/zk/reading-encrypted/v1", "statement: a reading of an anchored record is encrypted to keys";
    ZK_READING_IN_RANGE = "dmledger/zk/reading-in-range/v1", "statement: a reading of an anchored record lies in an interval";
    MEMBER = "dmledger/core/member/v1", "name of a member: its ledger key";
    POSSESSION = "dmledger/core/certificate-possession/v1", "what a ledger key signs to be put in a certificate";
    CERTIFICATE = "dmledger/core/certificate/v1", "digest of a certificate";
    ACCOUNT = "dmledger/core/account/v1", "address of an account";
    DEVICE_MARK = "dmledger/core/device-mark/v1", "what a device is called within one account";
    DEVICE_KEY = "dmledger/core/device-key/v1", "entry of an account's list of devices: a key";
    DEVICE_POSSESSION = "dmledger/core/device-possession/v1", "what a device signs to be paired";
    PATIENT_KEY_POSSESSION = "dmledger/core/patient-key-possession/v1", "what a patient key signs to enter a policy";
    POLICY_VERSION = "dmledger/core/policy-version/v1", "an entry of an account's policy history";
    MANDATE = "dmledger/core/mandate/v1", "an entry of the history of an agent's mandates";
    RULES = "dmledger/core/auto-sign-rules/v1", "digest of the rules an agent signs by";
    AUDIENCE = "dmledger/core/audience/v1", "an account's grants for one audience";
    ACTION = "dmledger/core/action/v1", "message type of actions";
    ESCROW_ADDRESS = "dmledger/core/escrow-address/v1", "account in which a publication waits: both keys and a secret";
    ESCROW_PUBLICATION = "dmledger/core/escrow-publication/v1", "digest of a publication";
    ESCROW_ENTRY = "dmledger/core/escrow-entry/v1", "an entry of an account's escrow log";
    MATCH_CELL = "dmledger/core/match-cell/v1", "name of a cell of similar cases, under a key";
    MATCH_CASE = "dmledger/core/match-case/v1", "pseudonym of a case within a cell";
    MATCH_ENTRY = "dmledger/core/match-entry/v1", "an entry of the log of questions for similar cases";
    ERASE_RECEIPT = "dmledger/core/erase-receipt/v1", "receipt of an erasure, signed by a custodian";
    PROOF_CLAIM = "dmledger/core/proof-claim/v1", "name of a claim: statement and proof";
    GATE_REQUEST = "dmledger/core/gate-request/v1", "a request to a gate node, signed by the member that asks";
    GATE_ORDER = "dmledger/core/gate-order/v1", "an account's order to a gate node";
    ACCESS_ENTRY = "dmledger/core/access-entry/v1", "an entry of an access log";
    AGREEMENT = "dmledger/core/agreement/v1", "what an institution signs when it makes an agreement";
    AGREEMENT_TEXT = "dmledger/core/agreement-text/v1", "salted digest of an agreement's text";
    AGREEMENT_ENTRY = "dmledger/core/agreement-entry/v1", "an entry of an agreement's log";
    GENESIS = "dmledger/core/genesis/v1", "identity of a network: its genesis";
    STATE_KEY = "dmledger/core/state-key/v1", "where a thing stands in the state tree";
    STATE_VALUE = "dmledger/core/state-value/v1", "digest of a value of the state";
    STATE_LEAF = "dmledger/core/state-leaf/v1", "leaf of the state tree: key and digest of the value";
    STATE_NODE = "dmledger/core/state-node/v1", "node of the state tree";
    STATE_EMPTY = "dmledger/core/state-empty/v1", "empty subtree of the state tree";
    DEVICE = "dmledger/core/device/v1", "name of a device within a record";
    RAW_READING = "dmledger/core/raw-reading/v1", "bytes of a reading as received";
    READING = "dmledger/core/reading/v1", "digest of a reading";
    PRESCRIPTION = "dmledger/core/prescription/v1", "digest of a prescription, named by what is dispensed on it";
    BLE_OBJECT = "dmledger/ble/object/v1", "digest of a picture or clip as a camera states it";
    BLE_OBJECT_PIECE = "dmledger/ble/object-piece/v1", "digest of a piece of a picture or clip";
    BLE_INTAKE = "dmledger/ble/intake/v1", "name of a batch on its way from the intake to the sealing path";
    READING_BATCH = "dmledger/core/reading-batch/v1", "digest of an hour's readings";
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, vec::Vec};

    #[test]
    fn tags_are_unique_short_and_well_formed() {
        let unique: BTreeSet<_> = ALL.iter().map(|tag| tag.as_str()).collect();
        assert_eq!(unique.len(), ALL.len());
        for tag in ALL {
            let parts: Vec<_> = tag.as_str().split('/').collect();
            assert_eq!((parts.len(), parts[0], parts[3]), (4, "dmledger", "v1"), "{tag:?}");
            assert!(["core", "zk", "net", "ble", "store"].contains(&parts[1]), "{tag:?}");
            assert!(tag.as_bytes().len() <= 60, "{tag:?}");
        }
    }
}
