#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod accumulator;
pub mod batch;
#[cfg(feature = "bbs")]
pub mod bbs;
pub mod commit;
pub mod context;
pub mod elgamal;
pub mod error;
pub mod glycemic;
pub mod group;
mod ipa;
pub mod member;
pub mod range;
pub mod seal;
pub mod share;
pub mod sigma;
pub mod statement;
pub mod transcript;
pub mod verifier;

#[cfg(test)]
mod testing;
