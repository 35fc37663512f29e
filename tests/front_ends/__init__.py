"""Tests of the commands, the plugin, the reports and the documents."""
