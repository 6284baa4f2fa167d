"""Who made each dataset that a loader reads, and under which terms its images are: what a card of derived data says.

A reading of the terms, to warn in time; what the owners of a dataset say today is what counts.
"""

from dataclasses import dataclass

CC = "https://creativecommons.org/licenses"
NON_COMMERCIAL = "for non-commercial research and education only"


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset that images and annotations come from."""

    title: str
    """Name for people."""
    terms: str
    """Where its terms stand."""
    allows: str
    """What they allow, after "is"."""
    passes_on: bool
    """Whether the terms let everyone publish its images with marks drawn on them."""
    license: str = "other"
    """Name that the Hugging Face Hub has for its license."""
    bibtex: str = ""
    """How its authors ask to be cited."""


def _bibtex(key: str, title: str, author: str, venue: str, year: int) -> str:
    fields = {"title": title, "author": author, "note": venue, "year": year}
    return f"@misc{{{key},\n" + ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items()) + "\n}"


SOURCES = {
    "arkitscenes": Source(
        "ARKitScenes",
        "https://github.com/apple/ARKitScenes/blob/main/LICENSE",
        "for non-commercial purposes only, with Apple's notice kept where it is passed on whole",
        passes_on=True,
        bibtex=_bibtex(
            "baruch2021arkitscenes",
            "{ARKitScenes}: A Diverse Real-World Dataset for {3D} Indoor Scene Understanding Using Mobile {RGB-D} Data",
            "Baruch, Gilad and Chen, Zhuoyuan and Dehghan, Afshin and Dimry, Tal and Feigin, Yuri and Fu, Peter and "
            "Gebauer, Thomas and Joffe, Brandon and Kurz, Daniel and Schwartz, Arik and Shulman, Elad",
            "NeurIPS Datasets and Benchmarks",
            2021,
        ),
    ),
    "ca1m": Source(
        "CA-1M",
        f"{CC}/by-nc-nd/4.0/",
        "under CC BY-NC-ND 4.0, which lets nobody pass on changed images, such as those with marks drawn",
        passes_on=False,
        license="cc-by-nc-nd-4.0",
        bibtex=_bibtex(
            "lazarow2025cubify",
            "Cubify Anything: Scaling Indoor {3D} Object Detection",
            "Lazarow, Justin and Griffiths, David and Kohavi, Gefen and Crespo, Francisco and Dehghan, Afshin",
            "CVPR",
            2025,
        ),
    ),
    "dl3dv": Source(
        "DL3DV-10K",
        "https://github.com/DL3DV-10K/Dataset",
        "for those who agreed to its terms, " + NON_COMMERCIAL,
        passes_on=False,
        bibtex=_bibtex(
            "ling2024dl3dv",
            "{DL3DV-10K}: A Large-Scale Scene Dataset for Deep Learning-based {3D} Vision",
            "Ling, Lu and Sheng, Yichen and Tu, Zhi and Zhao, Wentian and Xin, Cheng and Wan, Kun and others",
            "CVPR",
            2024,
        ),
    ),
    "hypersim": Source(
        "Hypersim",
        f"{CC}/by-sa/3.0/",
        "under CC BY-SA 3.0: name its authors and publish under the same license",
        passes_on=True,
        license="cc-by-sa-3.0",
        bibtex=_bibtex(
            "roberts2021hypersim",
            "Hypersim: A Photorealistic Synthetic Dataset for Holistic Indoor Scene Understanding",
            "Roberts, Mike and Ramapuram, Jason and Ranjan, Anurag and Kumar, Atulit and Bautista, Miguel Angel and "
            "Paczan, Nathan and Webb, Russ and Susskind, Joshua M.",
            "ICCV",
            2021,
        ),
    ),
    "replica": Source(
        "Replica",
        "https://github.com/facebookresearch/Replica-Dataset/blob/main/LICENSE",
        NON_COMMERCIAL + ", for those who first agree to its terms",
        passes_on=False,
        bibtex=_bibtex(
            "straub2019replica",
            "The {Replica} Dataset: A Digital Replica of Indoor Spaces",
            "Straub, Julian and Whelan, Thomas and Ma, Lingni and others",
            "arXiv:1906.05797",
            2019,
        ),
    ),
    "rxr": Source(
        "Matterport3D with Room-across-Room and R2R",
        "https://kaldir.vc.in.tum.de/matterport/MP_TOS.pdf",
        "for those who signed its terms, " + NON_COMMERCIAL,
        passes_on=False,
        bibtex=_bibtex(
            "chang2017matterport3d",
            "{Matterport3D}: Learning from {RGB-D} Data in Indoor Environments",
            "Chang, Angel and Dai, Angela and Funkhouser, Thomas and Halber, Maciej and Nie{\\ss}ner, Matthias and "
            "Savva, Manolis and Song, Shuran and Zeng, Andy and Zhang, Yinda",
            "3DV",
            2017,
        )
        + "\n"
        + _bibtex(
            "ku2020rxr",
            "Room-Across-Room: Multilingual Vision-and-Language Navigation with Dense Spatiotemporal Grounding",
            "Ku, Alexander and Anderson, Peter and Patel, Roma and Ie, Eugene and Baldridge, Jason",
            "EMNLP",
            2020,
        ),
    ),
    "scannet": Source(
        "ScanNet v2",
        "https://kaldir.vc.in.tum.de/scannet/ScanNet_TOS.pdf",
        "for those who signed its terms, " + NON_COMMERCIAL,
        passes_on=False,
        bibtex=_bibtex(
            "dai2017scannet",
            "{ScanNet}: Richly-annotated {3D} Reconstructions of Indoor Scenes",
            "Dai, Angela and Chang, Angel X. and Savva, Manolis and Halber, Maciej and Funkhouser, Thomas and "
            "Nie{\\ss}ner, Matthias",
            "CVPR",
            2017,
        ),
    ),
    "scannetpp": Source(
        "ScanNet++",
        "https://kaldir.vc.in.tum.de/scannetpp/",
        "for those who agreed to its terms, " + NON_COMMERCIAL,
        passes_on=False,
        bibtex=_bibtex(
            "yeshwanth2023scannetpp",
            "{ScanNet++}: A High-Fidelity Dataset of {3D} Indoor Scenes",
            "Yeshwanth, Chandan and Liu, Yueh-Cheng and Nie{\\ss}ner, Matthias and Dai, Angela",
            "ICCV",
            2023,
        ),
    ),
    "spar_rgbd": Source(
        "SPAR-7M-RGBD (of ScanNet, ScanNet++ and Structured3D)",
        "https://huggingface.co/datasets/jasonzhango/SPAR-7M-RGBD",
        "under the terms of ScanNet, ScanNet++ and Structured3D, which keep their images to those who agreed to them",
        passes_on=False,
        bibtex=_bibtex(
            "zhang2025flatland",
            "From Flatland to Space: Teaching Vision-Language Models to Perceive and Reason in {3D}",
            "Zhang, Jiahui and Chen, Yurui and Zhou, Yanpeng and Xu, Yueming and Huang, Ze and others",
            "arXiv:2503.22976",
            2025,
        ),
    ),
    "spatialvid": Source(
        "SpatialVID",
        f"{CC}/by-nc-sa/4.0/",
        "under CC BY-NC-SA 4.0, with videos that belong to those who filmed them",
        passes_on=True,
        license="cc-by-nc-sa-4.0",
        bibtex=_bibtex(
            "wang2025spatialvid",
            "{SpatialVID}: A Large-Scale Video Dataset with Spatial Annotations",
            "Wang, Jiahao and others",
            "arXiv:2509.09676",
            2025,
        ),
    ),
    "structured3d": Source(
        "Structured3D",
        "https://structured3d-dataset.org/",
        "for those who agreed to its terms, " + NON_COMMERCIAL,
        passes_on=False,
        bibtex=_bibtex(
            "zheng2020structured3d",
            "{Structured3D}: A Large Photo-realistic Dataset for Structured {3D} Modeling",
            "Zheng, Jia and Zhang, Junfei and Li, Jing and Tang, Rui and Gao, Shenghua and Zhou, Zihan",
            "ECCV",
            2020,
        ),
    ),
    "threerscan": Source(
        "3RScan",
        "https://github.com/WaldJohannaU/3RScan",
        "for those who agreed to its terms, " + NON_COMMERCIAL,
        passes_on=False,
        bibtex=_bibtex(
            "wald2019rio",
            "{RIO}: {3D} Object Instance Re-Localization in Changing Indoor Environments",
            "Wald, Johanna and Avetisyan, Armen and Navab, Nassir and Tombari, Federico and Nie{\\ss}ner, Matthias",
            "ICCV",
            2019,
        ),
    ),
    "uco3d": Source(
        "uCO3D",
        f"{CC}/by/4.0/",
        "under CC BY 4.0: name its authors",
        passes_on=True,
        license="cc-by-4.0",
        bibtex=_bibtex(
            "liu2025uco3d",
            "{UnCommon} Objects in {3D}",
            "Liu, Xingchen and Tayal, Piyush and Wang, Jianyuan and Zarzar, Jesus and Monnier, Tom and others",
            "CVPR",
            2025,
        ),
    ),
    "wildrgbd": Source(
        "WildRGB-D",
        "https://github.com/wildrgbd/wildrgbd",
        "published without a word on passing its images on",
        passes_on=False,
        bibtex=_bibtex(
            "xia2024wildrgbd",
            "{RGBD} Objects in the Wild: Scaling Real-World {3D} Object Learning from {RGB-D} Videos",
            "Xia, Hongchi and Fu, Yang and Liu, Sifei and Wang, Xiaolong",
            "CVPR",
            2024,
        ),
    ),
    "posed": Source(
        "posed scans of our own", "", "whoever made the scans decides; say here what they decided", passes_on=True
    ),
}
"""By the names of qagen.loaders.LOADERS."""


def source_of(dataset: str) -> Source:
    """The source of a loader's name; for another name, one of which nothing is known."""
    unknown = Source(dataset, "", "of terms that qagen does not know; say here what they are", passes_on=True)
    return SOURCES.get(dataset, unknown)
