//! RFC 6962 Merkle tree under SHA3-256.
