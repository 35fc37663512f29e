"""The mapping of a submission in another API: which form its forward pass is, and which array is which weight.

With it, the submission's claimed gradients are judged by the layer's equations. It looks at no name of an array and at
no gradient to find it.
"""
