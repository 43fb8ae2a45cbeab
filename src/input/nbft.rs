//! The NVMe boot firmware table, from `firmware/acpi/tables/NBFT*` in sysfs.
