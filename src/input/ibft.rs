//! The iSCSI boot firmware table, as Linux shows it under `firmware/ibft` in sysfs.
