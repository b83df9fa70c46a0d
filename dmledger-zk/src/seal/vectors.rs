//! Published vectors of the primitives underneath, through the types that this module uses.

use super::secret::Secret;
use super::suite::{RecordCipher, SealSuite};
use core::convert::Infallible;
use hex_literal::hex;
use hkdf::Hkdf;
use hpke::{
    Deserializable, Kem, OpModeR, Serializable,
    aead::ChaCha20Poly1305,
    kdf::HkdfSha256,
    kem::{X25519HkdfSha256, XWing},
    setup_receiver,
};
use rand_core::{TryCryptoRng, TryRng};
use sha2::Sha256;

/// Reads `name = hex` lines; blank lines and comments are skipped.
fn vectors(text: &str) -> Vec<(String, Vec<u8>)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(" = ").unwrap()).map(|(name, hex)| (name.to_owned(), bytes(hex))).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

/// RFC 8439 section 2.8.2.
#[test]
fn the_record_cipher_is_chacha20_poly1305_of_rfc_8439() {
    let key = hex!("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    let nonce = hex!("070000004041424344454647");
    let context = hex!("50515253c0c1c2c3c4c5c6c7");
    let sunscreen = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
sunscreen would be it.";
    let expected = hex!(
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b6116"
    );
    let cipher: RecordCipher = SealSuite::XWingChaCha20.cipher(&Secret::from_bytes(key));
    let mut buffer = sunscreen.to_vec();
    let tag = cipher.seal(&nonce, &context, &mut buffer).unwrap();
    assert_eq!(buffer, expected);
    assert_eq!(tag, hex!("1ae10b594f09e26a7e902ecbd0600691"));
    cipher.open(&nonce, &context, &mut buffer, &tag).unwrap();
    assert_eq!(buffer, sunscreen);
}

/// Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", 2004.
#[test]
fn the_record_cipher_of_the_second_suite_is_aes_256_gcm() {
    let key = hex!("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    let nonce = hex!("cafebabefacedbaddecaf888");
    let context = hex!("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plaintext = hex!(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    );
    let expected = hex!(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    );
    let cipher: RecordCipher = SealSuite::P256Aes256.cipher(&Secret::from_bytes(key));
    let mut buffer = plaintext;
    let tag = cipher.seal(&nonce, &context, &mut buffer).unwrap();
    assert_eq!((buffer, tag), (expected, hex!("76fc6ece0f4e1768cddf8853bb2d551b")));
    cipher.open(&nonce, &context, &mut buffer, &tag).unwrap();
    assert_eq!(buffer, plaintext);
}

struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand_core::utils::next_word_via_fill(self)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.drain(..out.len()).collect::<Vec<_>>());
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

#[test]
fn the_key_encapsulation_is_x_wing() {
    let all = vectors(include_str!("../../tests/vectors/xwing.txt"));
    assert_eq!(all.len(), 15, "three vectors of five values");
    for vector in all.chunks(5) {
        let [seed, coins, public, ciphertext, shared] = [0, 1, 2, 3, 4].map(|i| vector[i].1.clone());
        let secret = <XWing as Kem>::PrivateKey::from_bytes(&seed).unwrap();
        assert_eq!(XWing::sk_to_pk(&secret).to_bytes().to_vec(), public);
        let public = <XWing as Kem>::PublicKey::from_bytes(&public).unwrap();
        let (sent, capsule) = XWing::encap_with_rng(&public, None, &mut Fixed(coins)).unwrap();
        assert_eq!((capsule.to_bytes().to_vec(), sent.0.to_vec()), (ciphertext, shared.clone()));
        let received = XWing::decap(&secret, None, &capsule).unwrap();
        assert_eq!(received.0.to_vec(), shared);
    }
}

/// RFC 5869, appendices A.1 to A.3: the crate that HPKE derives its keys with.
#[test]
fn the_key_derivation_is_hkdf_sha256_of_rfc_5869() {
    let short = hex!("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    let counted = |first: u8, count: u8| (0..count).map(|n| first + n).collect::<Vec<u8>>();
    let of = |salt: &[u8], input: &[u8], info: &[u8], len: usize| {
        let mut output = vec![0; len];
        let (key, expander) = Hkdf::<Sha256>::extract(Some(salt), input);
        expander.expand(info, &mut output).unwrap();
        (key.to_vec(), output)
    };
    let (key, output) = of(&counted(0, 13), &short, &counted(0xf0, 10), 42);
    assert_eq!(key, hex!("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
    assert_eq!(output, hex!("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
    let (key, output) = of(&counted(0x60, 80), &counted(0, 80), &counted(0xb0, 80), 82);
    assert_eq!(key, hex!("06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244"));
    let expected = hex!(
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
    );
    assert_eq!(output, expected);
    let (key, output) = of(&[], &short, &[], 42);
    assert_eq!(key, hex!("19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"));
    assert_eq!(output, hex!("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
}

/// RFC 9180, appendices A.2.1 (key schedule, by its exported values) and A.2.1.1: the same HPKE as below with the key
/// encapsulation that the RFC has vectors for.
#[test]
fn the_hybrid_encryption_is_hpke_of_rfc_9180() {
    let secret = hex!("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    let public = hex!("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
    let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&secret).unwrap();
    assert_eq!(X25519HkdfSha256::sk_to_pk(&secret).to_bytes().as_slice(), public);
    let seed = hex!("1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df");
    assert_eq!(X25519HkdfSha256::derive_keypair(&seed).1.to_bytes().as_slice(), public);
    let capsule = hex!("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let capsule = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&capsule).unwrap();
    let info = b"Ode on a Grecian Urn";
    let mut context =
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(&OpModeR::Base, &secret, &capsule, info)
            .unwrap();
    let exported = |label: &[u8]| {
        let mut value = [0; 32];
        context.export(label, &mut value).unwrap();
        value
    };
    assert_eq!(exported(b""), hex!("4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"));
    assert_eq!(exported(b"\0"), hex!("8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"));
    assert_eq!(exported(b"TestContext"), hex!("5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"));
    let ciphertext = hex!("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28");
    assert_eq!(context.open(&ciphertext, b"Count-0").unwrap(), b"Beauty is truth, truth beauty");
}

#[test]
fn the_wrap_is_hpke_with_x_wing_hkdf_sha256_and_chacha20_poly1305() {
    let all = vectors(include_str!("../../tests/vectors/hpke_xwing.txt"));
    let (setup, encryptions) = all.split_at(6);
    let value = |name: &str| setup.iter().find(|(found, _)| found == name).unwrap().1.clone();
    let secret = <XWing as Kem>::PrivateKey::from_bytes(&value("skRm")).unwrap();
    assert_eq!(XWing::sk_to_pk(&secret).to_bytes().to_vec(), value("pkRm"));
    assert_eq!(XWing::derive_keypair(&value("ikmR")).1.to_bytes().to_vec(), value("pkRm"));
    let capsule = <XWing as Kem>::EncappedKey::from_bytes(&value("enc")).unwrap();
    assert_eq!(XWing::decap(&secret, None, &capsule).unwrap().0.to_vec(), value("shared_secret"));
    let mut context =
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeR::Base, &secret, &capsule, &value("info"))
            .unwrap();
    assert_eq!(encryptions.len(), 9, "three encryptions of three values");
    for vector in encryptions.chunks(3) {
        let [aad, plaintext, ciphertext] = [0, 1, 2].map(|i| &vector[i].1);
        assert_eq!(&context.open(ciphertext, aad).unwrap(), plaintext);
    }
}
