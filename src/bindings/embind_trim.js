// Embind prepares for types that this package's bindings do not use: wide strings, views of memory, 64-bit integers. Their
// JavaScript is left out of what pages load; a binding that used one would fail with an unbound type when it is called.
addToLibrary({
  _embind_register_std_wstring: (rawType, charSize, name) => {},
  _embind_register_memory_view: (rawType, dataTypeIndex, name) => {},
  _embind_register_bigint: (primitiveType, name, size, minRange, maxRange) => {},
});
