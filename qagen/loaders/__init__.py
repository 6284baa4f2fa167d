"""Dataset readers. Each undoes its dataset's conventions and hands over a qagen.core.scene.Scene."""
