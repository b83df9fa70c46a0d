//! ble
