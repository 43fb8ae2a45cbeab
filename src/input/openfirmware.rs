//! The Open Firmware device tree, from `firmware/devicetree/base` in sysfs.
