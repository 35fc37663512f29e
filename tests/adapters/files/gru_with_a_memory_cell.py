import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum(axis=0)


def gru_cell_forward(xt, c_prev, parameters):
    """
    xt -- (n_x, m), c_prev -- (n_c, m)
    """
    Wu, bu = parameters["Wu"], parameters["bu"]
    Wr, br = parameters["Wr"], parameters["br"]
    Wc, bc = parameters["Wc"], parameters["bc"]
    n_x, m = xt.shape
    n_c = c_prev.shape[0]
    concat = np.zeros((n_c + n_x, m))
    concat[:n_c, :] = c_prev
    concat[n_c:, :] = xt
    ut = sigmoid(np.dot(Wu, concat) + bu)
    rt = sigmoid(np.dot(Wr, concat) + br)
    gated = np.concatenate((rt * c_prev, xt), axis=0)
    cct = np.tanh(np.dot(Wc, gated) + bc)
    c_next = ut * cct + (1 - ut) * c_prev
    cache = (c_next, c_prev, ut, rt, cct, xt, parameters)
    return c_next, cache


def gru_cell_backward(dc_next, cache):
    (c_next, c_prev, ut, rt, cct, xt, parameters) = cache
    n_c, m = c_next.shape
    dcct = dc_next * ut * (1 - cct**2)
    dut = dc_next * (cct - c_prev) * ut * (1 - ut)
    dgated = np.dot(parameters["Wc"].T, dcct)
    drt = dgated[:n_c] * c_prev * rt * (1 - rt)
    concat = np.concatenate((c_prev, xt), axis=0)
    gated = np.concatenate((rt * c_prev, xt), axis=0)
    dWu = np.dot(dut, concat.T)
    dWr = np.dot(drt, concat.T)
    dWc = np.dot(dcct, gated.T)
    dbu = np.sum(dut, axis=1, keepdims=True)
    dbr = np.sum(drt, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True)
    dconcat = np.dot(parameters["Wu"].T, dut) + np.dot(parameters["Wr"].T, drt)
    dc_prev = dc_next * (1 - ut) + dgated[:n_c] * rt + dconcat[:n_c]
    dxt = dconcat[n_c:] + dgated[n_c:]
    gradients = {"dxt": dxt, "dc_prev": dc_prev, "dWu": dWu, "dbu": dbu, "dWr": dWr, "dbr": dbr, "dWc": dWc, "dbc": dbc}
    return gradients
