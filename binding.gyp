{
  "targets": [
    {
      "target_name": "audioldm",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "message": "Building the loader and the core with CMake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/always-run-cmake"],
          "action": ["node", "scripts/gyp-action.cjs"]
        }
      ]
    }
  ]
}
