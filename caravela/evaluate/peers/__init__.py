"""Another simulator as an independent judge: its process, its episodes, what is made of them."""
